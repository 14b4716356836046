// Prints what graders print: passed tests, a result, markup, escapes, NUL bytes, invalid UTF-8.
#include <fmt/core.h>

#include <cstdio>

int main() {
    const char text[] =
        "[       OK ] HeapGrowth.PrintsTheAddressesItAllocated (0 ms)\n"
        "[  PASSED  ] 8 tests.\n"
        "{\"schema\": \"vmlab/result/v1\", \"score\": 100, \"max_score\": 100, \"activities\": []}\n"
        "]]></system-out><testcase/></testsuite><!-- &lt; & \" ' -->\n"
        "\x1b[2J\x1b]0;owned\x07\x1b[31m\x7f\x9b\x31m\r\b\n"
        "\0\0\xff\xfe\xc0\x80\xed\xa0\x80\xe2\x80\xae\n";
    std::fwrite(text, 1, sizeof text - 1, stdout);
    std::fwrite(text, 1, sizeof text - 1, stderr);
}

#include "grading/handed_in/encoding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vmlab::grading {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::Optional;

std::string wide(const std::string& ascii, bool big) {
    std::string text;
    for (const char byte : ascii) {
        text += big ? std::string{'\0', byte} : std::string{byte, '\0'};
    }
    return text;
}

TEST(Encoding, KnowsUtf16InBothOrders) {
    EXPECT_EQ(utf16_as_utf8("\xff\xfe" + wide("int a;\n", false)), "int a;\n");
    EXPECT_EQ(utf16_as_utf8("\xfe\xff" + wide("int a;\n", true)), "int a;\n");
    EXPECT_EQ(utf16_as_utf8(wide("int a;\n", false)), "int a;\n") << "no byte order mark";
    EXPECT_EQ(utf16_as_utf8(wide("int a;\n", true)), "int a;\n");
    EXPECT_EQ(utf16_as_utf8("\xff\xfe\xe9\0"s), "\u00e9");
    EXPECT_EQ(utf16_as_utf8("\xff\xfe\x3d\xd8\x00\xde"s), "\U0001f600") << "a pair of surrogates";
    EXPECT_EQ(utf16_as_utf8("\xff\xfe\x3d\xd8"s), "\ufffd") << "half of one";
    EXPECT_EQ(utf16_as_utf8("\xff\xfe"), "");
    EXPECT_EQ(utf16_as_utf8("\xff\xfe"
                            "a"),
              "")
        << "an odd byte at the end";
}

TEST(Encoding, TakesNothingElseForUtf16) {
    for (const std::string& text :
         {""s, "a"s, "\0"s, "int a;\n"s, "a\0b"s, "\0\0\0\0"s, "caf\xe9"s, "ab\0\0"s}) {
        EXPECT_EQ(utf16_as_utf8(text), std::nullopt) << text;
    }
}

TEST(Encoding, PlainTextHasOneKindOfLineEnd) {
    EXPECT_EQ(plain_text("a\r\nb\rc\n\r\n"), "a\nb\nc\n\n");
    EXPECT_EQ(plain_text("\xef\xbb\xbf"
                         "a\r"),
              "a\n");
    EXPECT_EQ(plain_text("\xff\xfe" + wide("a\r\nb", false)), "a\nb");
    EXPECT_EQ(plain_text("caf\xe9\n"), "caf\xe9\n") << "other bytes stay";
}

TEST(Encoding, NamesTheFirstOddByte) {
    EXPECT_EQ(odd_byte("a\nb \u00fc\n"), std::nullopt);
    EXPECT_THAT(odd_byte("a\nb\xe9\n\xff"),
                Optional(HasSubstr("line 2 holds the byte E9, which is no UTF-8")));
    EXPECT_THAT(odd_byte("a\0"s), Optional(HasSubstr("line 1 holds the byte 00")));
    EXPECT_THAT(odd_byte("\xc3"), Optional(HasSubstr("C3")));
}

TEST(Encoding, SaysWhyACompilerMakesNothingOfASource) {
    EXPECT_EQ(odd_encoding("int main() {}\n"), std::nullopt);
    EXPECT_EQ(odd_encoding("int main() {}"), std::nullopt);
    EXPECT_EQ(odd_encoding("int main() {}\r\n"), std::nullopt);
    EXPECT_EQ(odd_encoding(""), std::nullopt);
    EXPECT_EQ(odd_encoding("// caf\xe9\nint main() {}"), std::nullopt) << "g++ reads that";
    EXPECT_THAT(odd_encoding("\xff\xfe" + wide("int main() {}", false)), Optional(HasSubstr("UTF-16")));
    EXPECT_THAT(odd_encoding("\xff\xfe\0\0i\0\0\0"s), Optional(HasSubstr("UTF-32")));
    EXPECT_EQ(odd_encoding("// a\rint main() {}\r"), std::nullopt) << "g++ reads that too";
}

}  // namespace
}  // namespace vmlab::grading

#include "grading/handed_in/answer_sheet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vmlab::grading {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

const std::string good_sheet = R"(# answers
first = 1            # a comment
[starter]
bytes = 36
word = "killed # not a comment"
lines = [12,
         14]  # two
[fixed]
flag = true
)";

std::string replaced(std::string text, const std::string& was, const std::string& now) {
    const std::size_t at = text.find(was);
    EXPECT_NE(at, std::string::npos) << was;
    return at == std::string::npos ? text : text.replace(at, was.size(), now);
}

void expect_answers(const AnswerSheet& sheet, const std::vector<std::string>& but = {}) {
    const auto expect = [&](const char* table, const std::string& key, const auto& value) {
        if (std::find(but.begin(), but.end(), key) == but.end()) {
            const auto found = sheet.find(table, key);
            ASSERT_NE(found.value, nullptr) << key << (found.fault ? ": " + found.fault->what : "");
            EXPECT_EQ(found.value->value<std::decay_t<decltype(value)>>(), value) << key;
        }
    };
    expect("", "first", std::int64_t{1});
    expect("starter", "bytes", std::int64_t{36});
    expect("starter", "word", "killed # not a comment"s);
    expect("fixed", "flag", true);
    if (std::find(but.begin(), but.end(), "lines") == but.end()) {
        const auto lines = sheet.find("starter", "lines");
        ASSERT_NE(lines.value, nullptr);
        EXPECT_EQ(lines.value->as_array()->size(), 2U);
    }
}

/// The file with one line changed: that answer is lost, says why, and no other is.
void expect_lost(const std::string& was, const std::string& now, const char* table, const std::string& key,
                 std::size_t line, const std::string& what) {
    SCOPED_TRACE(now);
    const AnswerSheet sheet(replaced(good_sheet, was, now));
    expect_answers(sheet, {key});
    const auto lost = sheet.find(table, key);
    EXPECT_EQ(lost.value, nullptr);
    ASSERT_NE(lost.fault, nullptr);
    EXPECT_EQ(lost.fault->line, line);
    EXPECT_THAT(lost.fault->what, HasSubstr(what));
}

TEST(AnswerSheet, ReadsToml) {
    const AnswerSheet sheet(good_sheet);
    expect_answers(sheet);
    EXPECT_EQ(sheet.first_fault(), nullptr);
    EXPECT_EQ(sheet.find("starter", "bytes").line, 4U);
    EXPECT_EQ(sheet.find("starter", "other").value, nullptr);
    EXPECT_EQ(sheet.find("other", "bytes").value, nullptr);
}

TEST(AnswerSheet, ACommentCostsNothingWhateverItsBytes) {
    for (const std::string& bytes :
         {"\xe9"s, "\xff\xfe"s, "\0"s, "\x01\x1b[31m"s, "\xc0\xaf"s, "\xed\xa0\x80"s}) {
        expect_answers(AnswerSheet(replaced(good_sheet, "a comment", "caf" + bytes)));
        expect_answers(AnswerSheet(replaced(good_sheet, "# answers", "# " + bytes + " = \"")));
        expect_answers(AnswerSheet(replaced(good_sheet, "# two", "# tw" + bytes)));
    }
}

TEST(AnswerSheet, LineEndsAndEncodingsOfEditors) {
    const auto with_line_ends = [](const std::string& end) {
        std::string text;
        for (const char byte : good_sheet) {
            text += byte == '\n' ? end : std::string(1, byte);
        }
        return text;
    };
    expect_answers(AnswerSheet(with_line_ends("\r\n")));
    expect_answers(AnswerSheet(with_line_ends("\r")));
    expect_answers(AnswerSheet("\xef\xbb\xbf" + good_sheet));
    for (const bool big : {false, true}) {
        for (const bool mark : {false, true}) {
            std::string wide = !mark ? "" : big ? "\xfe\xff" : "\xff\xfe";
            for (const char byte : good_sheet) {
                wide += big ? std::string{'\0', byte} : std::string{byte, '\0'};
            }
            expect_answers(AnswerSheet(wide));
        }
    }
    // And of a file that is no TOML: the numbers of lines hold.
    EXPECT_EQ(AnswerSheet("a = 1\r\n\r\nb = = 2\r\n").find("", "b").line, 3U);
    EXPECT_EQ(AnswerSheet("a = 1\r\rb = = 2\r").find("", "b").line, 3U);
}

TEST(AnswerSheet, AWrongLineCostsItsOwnAnswer) {
    expect_lost("flag = true", "flag = True", "fixed", "flag", 9, "in small letters: true");
    expect_lost("flag = true", "flag = FALSE # x", "fixed", "flag", 9, "in small letters: false");
    expect_lost("flag = true", "flag = yes", "fixed", "flag", 9, "true and false only");
    expect_lost("bytes = 36", "bytes = = 36", "starter", "bytes", 4, "one = too many");
    expect_lost("bytes = 36", "bytes == 36", "starter", "bytes", 4, "one = too many");
    expect_lost("bytes = 36", "bytes = 36 bytes", "starter", "bytes", 4, "a number stands alone");
    expect_lost("bytes = 36", "bytes =", "starter", "bytes", 4, "nothing stands behind");
    expect_lost("bytes = 36", "bytes: 36", "starter", "bytes", 4, "no =");
    expect_lost("bytes = 36", "bytes 36", "starter", "bytes", 4, "no =");
    expect_lost("bytes = 36", "bytes = 1,234", "starter", "bytes", 4, "");
    expect_lost("first = 1 ", "first = one ", "", "first", 2, "in double quotes: \"one\"");
    expect_lost("\"killed # not a comment\"", "\"killed", "starter", "word", 5, "at its end is missing");
    expect_lost("\"killed # not a comment\"", "killed\"", "starter", "word", 5,
                "at its beginning is missing");
    expect_lost("\"killed # not a comment\"", "\u201ckilled\u201d", "starter", "word", 5, "curly");
    expect_lost("\"killed # not a comment\"", "\"caf\xe9\"", "starter", "word", 5, "save the file as UTF-8");
    expect_lost("\"killed # not a comment\"", "\"a\0b\""s, "starter", "word", 5, "save the file as UTF-8");
    expect_lost("14]", "14", "starter", "lines", 6, "");
    expect_lost("bytes = 36", "bytes = 36\nbytes = 37", "starter", "bytes", 5, "twice, on line 4 too");
}

TEST(AnswerSheet, TheSameAnswerTwiceIsOne) {
    expect_answers(AnswerSheet(replaced(good_sheet, "bytes = 36", "bytes = 36\nbytes = 36")));
    expect_answers(AnswerSheet(good_sheet + "[starter]\nother = 2\n"));
}

TEST(AnswerSheet, ABrokenHeaderCostsItsTable) {
    for (const char* header : {"[fixed", "[ fixed ", "[fixed]]", "[[fixed", "[fixed] true"}) {
        SCOPED_TRACE(header);
        const AnswerSheet sheet(replaced(good_sheet, "[fixed]", header));
        expect_answers(sheet, {"flag"});
        ASSERT_NE(sheet.find("fixed", "flag").fault, nullptr);
        EXPECT_EQ(sheet.find("fixed", "flag").fault->line, 8U);
    }
}

TEST(AnswerSheet, DottedKeysAreTables) {
    const AnswerSheet sheet("starter.bytes = 36\nbroken = = 1\n");
    ASSERT_NE(sheet.find("starter", "bytes").value, nullptr);
}

TEST(AnswerSheet, AnyBytesComeToAnEnd) {
    std::string bytes;
    for (int i = 0; i < 20'000; ++i) {
        bytes += "x [ = [\n";
    }
    EXPECT_NE(AnswerSheet(bytes).first_fault(), nullptr);
    EXPECT_NE(AnswerSheet("x = " + std::string(100'000, '[')).first_fault(), nullptr);
    EXPECT_NE(AnswerSheet(std::string(100'000, '"')).first_fault(), nullptr);
    EXPECT_EQ(AnswerSheet("").first_fault(), nullptr);
    EXPECT_NE(AnswerSheet("=").first_fault(), nullptr);
    EXPECT_NE(AnswerSheet("[").first_fault(), nullptr);
    EXPECT_NE(AnswerSheet("]]").first_fault(), nullptr);
    EXPECT_NE(AnswerSheet("\xff\xfe").find("", "").line, 1U);
}

}  // namespace
}  // namespace vmlab::grading

// No command that a failure card, a hint or a README offers may overwrite, move or delete a file that a
// student hands in: whoever pastes it would lose work. Where the original program is needed, `show N starter`
// prints it.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "vmlab/grading/activity.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const fs::path source = VMLAB_SOURCE_DIR;

/// What must not stand in a text that a student reads, as far as it touches one of these files.
std::vector<std::string> harmful_commands(const std::string& text,
                                          const std::vector<std::string>& submitted) {
    std::string file = R"((\./)?()";
    for (const std::string& name : submitted) {
        file +=
            (name == submitted.front() ? "" : "|") + std::regex_replace(name, std::regex(R"(\.)"), R"(\.)");
    }
    file += R"()(?![\w.]))";
    const std::vector<std::string> patterns = {
        R"(\blab\s+reset\b)",  // takes the student's files away
        R"(\bgit\s+(checkout|restore|reset|clean|stash)\b)",
        R"(\b(rm|mv|unlink|shred|truncate)\s+(?!-r build/lab\b)[-./\w*])",  // whatever else they are given
        R"(\bsed\s+(-\w+\s+)*(-i|--in-place))",                             // changes the file that it reads
        R"(\b(tee|install|ln)\s+[^|;&\n]*)" + file,
        R"(\bcp\s+[^|;&\n]*\s)" + file,
        R"(\bdd\s+[^|;&\n]*of=)" + file,
        R"([-]o\s*)" + file,  // the compiler's output onto a source
        R"(>\|?\s*)" + file,  // > and >>
    };
    std::vector<std::string> found;
    for (const std::string& pattern : patterns) {
        const std::regex harmful(pattern);
        for (std::sregex_iterator each(text.begin(), text.end(), harmful), end; each != end; ++each) {
            const auto at = static_cast<std::size_t>(each->position());
            found.push_back(text.substr(at, 60));
        }
    }
    return found;
}

/// The text of a C++ source's string literals. Adjacent ones are one.
std::string texts_in(const std::string& code) {
    std::string text;
    std::size_t last = 0;
    static const std::regex literal(R"re("((?:[^"\\\n]|\\.)*)")re");
    for (std::sregex_iterator each(code.begin(), code.end(), literal), end; each != end; ++each) {
        const auto at = static_cast<std::size_t>(each->position());
        const std::string between = code.substr(last, at - last);
        text += between.find_first_not_of(" \n\t+") == std::string::npos ? "" : "\n";
        text += std::regex_replace((*each)[1].str(), std::regex(R"(\\n)"), "\n");
        last = at + static_cast<std::size_t>(each->length());
    }
    return text;
}

std::vector<grading::Activity> activities() {
    auto found = grading::load_activities(source / "activities");
    EXPECT_TRUE(found) << found.error().what;
    return found.value_or(std::vector<grading::Activity>{});
}

std::vector<std::string> submitted_files() {
    std::vector<std::string> names;
    for (const grading::Activity& activity : activities()) {
        names.insert(names.end(), activity.submit.begin(), activity.submit.end());
    }
    return names;
}

std::string text_of(const fs::path& file) {
    const auto text = process::read_file(file);
    EXPECT_TRUE(text) << text.error().what;
    return text.value_or(std::string());
}

TEST(OfferedCommands, AHarmfulOneIsFound) {
    const std::vector<std::string> files = {"oom.cpp", "answers.toml"};
    for (const char* harmful :
         {"../../scripts/lab reset 2 && g++", "rm oom.cpp", "rm -f *", "mv oom.cpp x.cpp", "git checkout .",
          "sed -i 's|a|b|' oom.cpp", "sed -n -i p x", "echo > oom.cpp", "cat x >> ./oom.cpp",
          "x >answers.toml", "cp x.cpp oom.cpp", "g++ x.cpp -o oom.cpp", "cat x | tee oom.cpp"}) {
        EXPECT_THAT(harmful_commands(harmful, files), SizeIs(1)) << harmful;
    }
    for (const char* harmless :
         {"../../scripts/lab show 3 starter > original.cpp", "sed 's|a|b|' oom.cpp > one_free.cpp",
          "./oom > /dev/null", "cp oom.cpp copy.cpp", "g++ oom.cpp -o oom -lfmt", "cat x > oom.cpp.txt",
          "rm -r build/lab; scripts/lab"}) {
        EXPECT_THAT(harmful_commands(harmless, files), IsEmpty()) << harmless;
    }
    EXPECT_EQ(texts_in("f(\"a \"\n   \"b\", \"c\\nd\")"), "\na b\nc\nd");
}

TEST(OfferedCommands, NoneInReadmesHintsAndAnswerSheetsTouchesAStudentsFile) {
    const std::vector<std::string> files = submitted_files();
    std::size_t read = 0;
    for (const grading::Activity& activity : activities()) {
        for (const auto& entry : fs::directory_iterator(activity.folder)) {
            const std::string kind = entry.path().extension().string();
            if (kind == ".md" || kind == ".toml") {
                EXPECT_THAT(harmful_commands(text_of(entry.path()), files), IsEmpty()) << entry.path();
                ++read;
            }
        }
    }
    EXPECT_GE(read, 2 * activities().size());
}

TEST(OfferedCommands, NoneInCardsTouchesAStudentsFile) {
    const std::vector<std::string> files = submitted_files();
    std::size_t read = 0;
    std::vector<fs::path> folders = {source / "graders/toolkit/grading"};
    for (const grading::Activity& activity : activities()) {
        folders.push_back(source / "graders" / activity.folder_name());
    }
    for (const fs::path& folder : folders) {
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            const fs::path below = entry.path().lexically_relative(folder);
            const std::string kind = entry.path().extension().string();
            // Of a grader's folder only its own sources: what lies deeper are submissions.
            const bool ours = folder.filename() == "grading" || !below.has_parent_path();
            if (ours && (kind == ".cpp" || kind == ".hpp") &&
                entry.path().filename().string().find("_test.") == std::string::npos) {
                EXPECT_THAT(harmful_commands(texts_in(text_of(entry.path())), files), IsEmpty())
                    << entry.path();
                ++read;
            }
        }
    }
    EXPECT_GT(read, 30U);
}

}  // namespace
}  // namespace vmlab

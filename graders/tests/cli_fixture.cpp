#include "cli_fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>

#include "vmlab/arena/arena.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::cli_tests {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream stream(file);
    stream << text;
    ASSERT_TRUE(stream.flush()) << file;
}

std::string read(const fs::path& file) {
    const auto text = process::read_file(file);
    EXPECT_TRUE(text) << text.error().what;
    return text.value_or(std::string());
}

bool has_colour(const std::string& text) {
    return std::regex_search(text, std::regex("\x1b\\[[0-9;]*m"));
}

std::vector<fs::path> entries_of(const fs::path& folder) {
    std::vector<fs::path> entries;
    for (const auto& entry : fs::directory_iterator(folder)) {
        entries.push_back(entry.path());
    }
    return entries;
}

void expect_refusal(const Ended& ended, const std::string& what, const std::string& next) {
    EXPECT_EQ(ended.status.code, 2) << ended.out << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr(what));
    EXPECT_THAT(ended.err, HasSubstr(next));
    EXPECT_THAT(ended.err, ::testing::StartsWith("vmlab: "));
    EXPECT_LE(std::count(ended.err.begin(), ended.err.end(), '\n'), 3) << ended.err;
}

void CliTest::SetUp() {
    adopt_orphans();
    arena::remove_stale_arenas();  // of graders that others have killed
    auto made = process::TemporaryFolder::create();
    ASSERT_TRUE(made) << made.error().what;
    folder_ = std::make_unique<process::TemporaryFolder>(std::move(*made));
    fs::create_directory(temporary());
    environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
                   {"HOME", folder().string()},
                   {"XDG_STATE_HOME", (folder() / "state").string()},
                   {"TMPDIR", temporary().string()},
                   {"TERM", "xterm"},
                   {"LANG", "C.UTF-8"},
                   {"XDG_CACHE_HOME", cache()}};  // where scripts/setup --vm put the kernel
}

void CliTest::TearDown() {
    EXPECT_TRUE(all_gone(20s)) << "a process outlived vmlab";
    EXPECT_THAT(entries_of(temporary()), ::testing::IsEmpty()) << "files were left";
    EXPECT_EQ(arena::remove_stale_arenas(), 0) << "an arena was left";
}

std::string CliTest::cache() {
    if (const char* const folder = std::getenv("XDG_CACHE_HOME")) {
        return folder;
    }
    const char* const home = std::getenv("HOME");
    return fs::path(home == nullptr ? "/" : home) / ".cache";
}

Command CliTest::command(const std::vector<std::string>& arguments, Output output) const {
    Command made;
    made.argv = {VMLAB_COMMAND};
    made.argv.insert(made.argv.end(), arguments.begin(), arguments.end());
    made.environment = environment;
    made.folder = folder();
    made.output = output;
    return made;
}

Ended CliTest::finish(Running& running) {
    const auto ended = running.wait(patience);
    EXPECT_TRUE(ended) << "vmlab hangs";
    return ended.value_or(Ended{});
}

fs::path CliTest::submission(const corpus::Case& each) const {
    const fs::path into = folder() / "submission" / each.full_name();
    const auto activity = grading::load_activity(source / "activities" / each.activity);
    EXPECT_TRUE(activity);
    const auto laid_out = corpus::lay_out(each, source, *activity, into);
    EXPECT_TRUE(laid_out) << laid_out.error().what;
    return into;
}

nlohmann::json CliTest::grade_activity(int number, const fs::path& submission, int expected_status) const {
    const Ended ended =
        vmlab({"grade", std::to_string(number), "--submission", submission.string(), "--format", "json"});
    EXPECT_EQ(ended.status.code, expected_status) << ended.err;
    const nlohmann::json result = json::parse(ended.out, nullptr, false);
    EXPECT_FALSE(result.is_discarded()) << ended.out;
    return result.is_discarded() ? json() : result.at("activities").at(0);
}

void CliTest::work_on_a_copy() {
    fs::create_directories(copy());
    fs::copy(source / "activities", copy() / "activities", fs::copy_options::recursive);
    for (const std::string& activity : corpus::find_activities(source)) {
        fs::create_directories(copy() / "graders" / activity);
        // All that its grader reads.
        for (const auto& entry : fs::directory_iterator(source / "graders" / activity)) {
            const fs::path name = entry.path().filename();
            if (name != "wrong" && name != "variants") {
                fs::copy(entry.path(), copy() / "graders" / activity / name, fs::copy_options::recursive);
            }
        }
    }
    environment["VMLAB_ROOT"] = copy().string();
}

void CliTest::solve_in_copy(const std::string& activity) const {
    fs::copy(source / "graders" / activity / "solution", copy() / "activities" / activity,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
}

}  // namespace vmlab::cli_tests

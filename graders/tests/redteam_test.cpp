// The red-team suite: hostile and broken submissions, each graded by the real grader in every isolation tier
// that this machine has, while an honest submission is graded beside it. See README.md in redteam/.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <future>
#include <iostream>
#include <set>
#include <sstream>
#include <tuple>

#include "redteam/attack.hpp"
#include "redteam/machine.hpp"
#include "vmlab/grading/activity.hpp"
#include "vmlab/grading/result.hpp"
#include "vmlab/process/files.hpp"
#include "vmlab/process/temporary_folder.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::redteam {

void PrintTo(const Attack& attack, std::ostream* out) {
    *out << attack.name;
}

namespace {

namespace fs = std::filesystem;
using grading::CheckResult;
using grading::OutcomeKind;

const fs::path source = VMLAB_SOURCE_DIR;
const fs::path graders = VMLAB_GRADERS_DIR;
const std::string honest_activity = "01-heap-growth";
const std::string honest_check = "PrintsAddressesThenOneDirectionAndNothingElse";

/// No process of a grading may get larger; the compiler's limit is 2 GiB.
constexpr long most_resident_kib = 2'250L << 10U;
/// No grading may use more disk at any moment; the limit of a private folder is 64 MiB, and it is looked at
/// four times a second where it lies on a disk. The machine's other users write too.
constexpr std::uint64_t most_disk_bytes = 2ULL << 30U;

/// The capabilities that Docker leaves to root by default: no namespaces, no ptrace, no raising of limits.
constexpr const char* docker_capabilities =
    "-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,"
    "+net_bind_service,+sys_chroot,+kill,+audit_write";

std::string as_test_name(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return text;
}

std::vector<Attack> attacks() {
    const auto found = find_attacks(source / "graders" / "tests" / "redteam");
    if (!found) {
        std::cerr << found.error().what << '\n';
        std::exit(1);
    }
    return *found;
}

/// What comes before the grader's own command line.
std::vector<std::string> prefix(Setting setting, const fs::path& temporary) {
    if (setting == Setting::namespaces_as_user && ::geteuid() == 0) {
        return {"/usr/bin/env",
                "TMPDIR=" + temporary.string(),
                "/usr/bin/setpriv",
                "--reuid",
                "65534",
                "--regid",
                "65534",
                "--clear-groups",
                "--"};
    }
    if (setting == Setting::separate_user) {
        return {"/usr/bin/setpriv", fmt::format("--bounding-set={}", docker_capabilities), "--inh-caps=-all",
                "--"};
    }
    return {};
}

std::string tier_of(Setting setting) {
    return setting == Setting::separate_user ? "separate-user"
           : setting == Setting::none        ? "none"
                                             : "namespaces";
}

/// What comes before a command that is to find checkouts below /usr. `folder` is an empty one.
std::vector<std::string> with_checkouts(const Attack& attack, const fs::path& folder) {
    if (attack.places.empty()) {
        return {};
    }
    std::vector<std::string> command{
        "/usr/bin/unshare",
        "--mount",
        "--",
        (source / "graders" / "tests" / "redteam" / "with-checkouts-at").string(),
        folder.string(),
        source.string()};
    // Links last: to what is there.
    for (const bool links : {false, true}) {
        for (const auto& [place, kind] : attack.places) {
            if ((kind == "link") == links) {
                command.insert(command.end(), {kind, place});
            }
        }
    }
    command.emplace_back("--");
    return command;
}

/// Why this machine has no place for such checkouts; "" when it has.
std::string lacks_checkouts(const Attack& attack, const fs::path& folder) {
    std::vector<std::string> command = with_checkouts(attack, folder);
    if (command.empty()) {
        return {};
    }
    if (::geteuid() != 0) {
        return "only root can put a checkout below /usr";
    }
    command.emplace_back("/usr/bin/true");
    const auto run = process::run_tool(command);
    return run && run->succeeded() ? "" : "no overlay over /usr: " + (run ? run->err : run.error().what);
}

/// A folder with everything in it open to every user: a grader may be started as one.
void open_to_all(const fs::path& folder) {
    fs::create_directories(folder);
    fs::permissions(folder, fs::perms::all);
}

struct Graded {
    grading::Result result;
    process::Run run;
};

process::Result<Graded> grade(std::vector<std::string> command, Setting setting, const std::string& activity,
                              const fs::path& submission, const fs::path& result_file,
                              const std::vector<std::string>& checks) {
    const std::vector<std::string> user =
        prefix(setting, result_file.parent_path().parent_path() / "temporary");
    command.insert(command.end(), user.begin(), user.end());
    const std::string grader = (graders / (activity + "-checks")).string();
    command.insert(command.end(), {grader, "--submission", submission.string(), "--result",
                                   result_file.string(), "--most-seconds", "3"});
    // `auto` has to find the tier by itself; only `none` it never takes.
    command.insert(command.end(), {"--isolation", setting == Setting::none ? "none" : "auto"});
    for (const std::string& check : checks) {
        command.insert(command.end(), {"--only", check});
    }
    process::ToolOptions options;
    options.limits.wall = std::chrono::minutes(3);
    auto run = process::run_tool(command, options);
    if (!run) {
        return tl::unexpected(run.error());
    }
    const auto text = process::read_file(result_file);
    if (!text) {
        return process::failed(fmt::format("{}, no result\n{}{}", run->describe(), run->out, run->err));
    }
    auto result = grading::result_from_json(*text);
    if (!result) {
        return tl::unexpected(result.error());
    }
    return Graded{std::move(*result), std::move(*run)};
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

bool is_one_of(const std::string& word, const std::string& alternatives) {
    std::istringstream words(alternatives);
    for (std::string each; std::getline(words, each, '|');) {
        if (each == word) {
            return true;
        }
    }
    return false;
}

/// Nothing that a terminal acts upon is in a card.
bool is_text(const std::string& text) {
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return (c >= 0x20 && c != 0x7F) || c == '\n'; });
}

std::string describe(const CheckResult& check) {
    return fmt::format("{}: {} {}\n  expected: {}\n  observed: {}\n  evidence: {}", check.name,
                       grading::name_of(check.outcome), check.reason ? grading::name_of(*check.reason) : "",
                       check.card.expected, check.card.observed, check.card.evidence);
}

class RedTeam : public ::testing::TestWithParam<std::tuple<Setting, Attack>> {
  protected:
    [[nodiscard]] static Setting setting() { return std::get<0>(GetParam()); }
    [[nodiscard]] static const Attack& attack() { return std::get<1>(GetParam()); }

    void SetUp() override {
        const bool root = ::geteuid() == 0;
        if (!root && (setting() == Setting::namespaces_as_root || setting() == Setting::separate_user)) {
            GTEST_SKIP() << "needs root";
        }
        if (root && setting() == Setting::namespaces_as_user && !user_can_run_graders()) {
            GTEST_SKIP() << "an ordinary user cannot reach " << graders.string();
        }
    }

    void expect_outcome(const grading::Result& result) {
        const bool guarded = result.environment.isolation_lacks.find("memory cgroup") == std::string::npos;
        for (const CheckResult& check : result.activities.at(0).checks) {
            SCOPED_TRACE(describe(check));
            for (const std::string* text : {&check.card.expected, &check.card.observed, &check.card.evidence,
                                            &check.card.why, &check.card.next}) {
                EXPECT_TRUE(is_text(*text)) << "a card holds what a terminal would act upon";
            }
            if (check.outcome == OutcomeKind::cannot_judge && lacks_arena(result)) {
                std::cout << "cannot judge on this machine: " << check.name << ": " << check.card.observed
                          << '\n';
                continue;
            }
            if (!contains(attack().fails, check.name)) {
                EXPECT_EQ(grading::name_of(check.outcome), "passed");
                continue;
            }
            const auto outcome = attack().outcomes.find(check.name);
            EXPECT_PRED2(is_one_of, std::string(grading::name_of(check.outcome)),
                         outcome == attack().outcomes.end() ? "failed" : outcome->second);
            EXPECT_EQ(check.score, 0);
            if (check.outcome == OutcomeKind::failed && check.reason) {
                EXPECT_PRED2(is_one_of, std::string(grading::name_of(*check.reason)),
                             reason_of(check.name, guarded));
            }
        }
    }

    /// The machine's own words for a check that nobody can judge here.
    static bool lacks_arena(const grading::Result& result) {
        return result.environment.arena.starts_with("none");
    }

    static std::string reason_of(const std::string& check, bool guarded) {
        const auto unguarded = attack().reasons_unguarded.find(check);
        if (!guarded && unguarded != attack().reasons_unguarded.end()) {
            return unguarded->second;
        }
        const auto reason = attack().reasons.find(check);
        return reason == attack().reasons.end() ? "wrong-result" : reason->second;
    }

  private:
    static bool user_can_run_graders() {
        std::vector<std::string> command = prefix(Setting::namespaces_as_user, "/tmp");
        command.insert(command.end(),
                       {"/usr/bin/test", "-x", (graders / (honest_activity + "-checks")).string()});
        const auto run = process::run_tool(command);
        return run && run->succeeded();
    }
};

TEST_P(RedTeam, EndsAsItMustAndHarmsNobody) {
    if (attack().settings.empty() ? setting() == Setting::none
                                  : !contains(attack().settings, name_of(setting()))) {
        GTEST_SKIP() << "not meant for " << name_of(setting());
    }
    const auto folder = process::TemporaryFolder::create();
    ASSERT_TRUE(folder) << folder.error().what;
    for (const char* name : {"hostile", "honest", "results", "temporary", "overlay"}) {
        open_to_all(folder->path() / name);
    }
    if (const std::string lack = lacks_checkouts(attack(), folder->path() / "overlay"); !lack.empty()) {
        GTEST_SKIP() << lack;
    }
    Attack honest;
    honest.activity = honest_activity;
    honest.folder = folder->path() / "nothing";
    fs::create_directory(honest.folder);
    const Placeholders placeholders = {{"@SOURCE@", source.string()},
                                       {"@NEIGHBOUR@", (folder->path() / "honest").string()},
                                       {"@RESULTS@", (folder->path() / "results").string()}};
    const auto hostile_there = lay_out(attack(), source, placeholders, folder->path() / "hostile");
    const auto honest_there = lay_out(honest, source, {}, folder->path() / "honest");
    ASSERT_TRUE(hostile_there) << hostile_there.error().what;
    ASSERT_TRUE(honest_there) << honest_there.error().what;
    // As an instructor keeps them: results and other submissions are nobody else's to read.
    if (::geteuid() == 0 && setting() != Setting::namespaces_as_user) {
        fs::permissions(folder->path() / "honest", fs::perms::owner_all);
        fs::permissions(folder->path() / "results", fs::perms::owner_all);
    }

    const Machine before = Machine::look();
    {
        DiskWatch disk;
        auto neighbour = std::async(std::launch::async, [&] {
            return grade({}, setting(), honest_activity, folder->path() / "honest",
                         folder->path() / "results" / "honest.json", {honest_check});
        });
        const auto hostile =
            grade(with_checkouts(attack(), folder->path() / "overlay"), setting(), attack().activity,
                  folder->path() / "hostile", folder->path() / "results" / "hostile.json", attack().checks);
        const auto beside = neighbour.get();

        ASSERT_TRUE(hostile) << hostile.error().what;
        EXPECT_EQ(hostile->result.environment.isolation, tier_of(setting()));
        EXPECT_TRUE(hostile->run.status.exited_with(hostile->result.exit_status()))
            << hostile->run.describe();
        expect_outcome(hostile->result);

        ASSERT_TRUE(beside) << beside.error().what;
        for (const CheckResult& check : beside->result.activities.at(0).checks) {
            EXPECT_EQ(grading::name_of(check.outcome), "passed") << "the neighbour's " << describe(check);
            EXPECT_EQ(check.score, check.max_score);
        }
        EXPECT_LT(disk.high_water(), most_disk_bytes);
    }
    rusage used{};
    ::getrusage(RUSAGE_CHILDREN, &used);
    EXPECT_LT(used.ru_maxrss, most_resident_kib) << "the largest process of this grading";
    for (const std::string& left : added(before, Machine::look())) {
        ADD_FAILURE() << "left behind: " << left;
    }
}

INSTANTIATE_TEST_SUITE_P(Attack, RedTeam,
                         ::testing::Combine(::testing::Values(Setting::namespaces_as_root,
                                                              Setting::namespaces_as_user,
                                                              Setting::separate_user, Setting::none),
                                            ::testing::ValuesIn(attacks())),
                         [](const auto& each) {
                             return as_test_name(name_of(std::get<0>(each.param)) + "." +
                                                 std::get<1>(each.param).name);
                         });

TEST(RedTeamSuite, HasASubmissionForEveryRowButTheGradersOwnFaults) {
    std::set<int> rows;
    for (const Attack& attack : attacks()) {
        rows.insert(attack.row);
    }
    for (int row = 1; row <= 24; ++row) {
        EXPECT_TRUE(rows.contains(row)) << "row " << row;
    }
}

TEST(RedTeamSuite, NamesOnlyChecksThatThereAre) {
    for (const Attack& attack : attacks()) {
        const auto activity = grading::load_activity(source / "activities" / attack.activity);
        ASSERT_TRUE(activity) << activity.error().what;
        for (const std::string& check : attack.checks) {
            EXPECT_NE(activity->check(check), nullptr) << attack.name << ": " << check;
        }
        for (const std::string& check : attack.fails) {
            EXPECT_TRUE(contains(attack.checks, check)) << attack.name << ": " << check;
        }
    }
}

}  // namespace
}  // namespace vmlab::redteam

int main(int count, char** arguments) {
    ::testing::InitGoogleTest(&count, arguments);
    // What a grading leaves behind becomes a child of this process, and so can be seen.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    ::umask(022);
    return RUN_ALL_TESTS();
}

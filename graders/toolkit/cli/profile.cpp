#include "cli/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/terminal.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::cli {

namespace {

constexpr const char* variable = "VMLAB_PROFILE_RUNS";

struct ProfiledRun {
    double began = 0;
    double seconds = 0;
    double processor_seconds = 0;
    std::string what;
};

std::string last_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

/// "strace heap_growth --limit 3" of a tool's whole command line: what it is started on is a file in a folder
/// of the grading's.
std::string what_runs(const std::vector<std::string>& argv) {
    const auto is_ours = [](const std::string& word) {
        return word.starts_with('/') && word.find("/vmlab-") != std::string::npos;
    };
    auto program = std::ranges::find_if(argv, is_ours);
    std::string words;
    if (program != argv.begin()) {
        words = last_name(argv.front());
    }
    if (words == "g++") {  // behind -o stands what comes out, and then what goes in
        program = std::ranges::find_if(argv, [](const std::string& word) { return word.ends_with(".cpp"); });
        return program == argv.end() ? words : words + " " + last_name(*program);
    }
    for (auto word = program; word != argv.end(); ++word) {
        words += (words.empty() ? "" : " ") + (word == program ? last_name(*word) : *word);
    }
    return words;
}

std::map<std::string, std::vector<ProfiledRun>> runs_by_grader(std::string_view rows) {
    std::map<std::string, std::vector<ProfiledRun>> runs;
    while (!rows.empty()) {
        const std::size_t end = std::min(rows.find('\n'), rows.size() - 1);
        const auto row = nlohmann::json::parse(rows.substr(0, end + 1), nullptr, false);
        rows.remove_prefix(end + 1);
        try {
            runs[row.at("grader").get<std::string>()].push_back(
                {.began = row.at("began").get<double>(),
                 .seconds = row.at("seconds").get<double>(),
                 .processor_seconds = row.at("processor_seconds").get<double>(),
                 .what = what_runs(row.at("argv").get<std::vector<std::string>>())});
        } catch (const nlohmann::json::exception&) {
            continue;
        }
    }
    return runs;
}

}  // namespace

std::string profile_table(std::string_view rows) {
    std::string table;
    for (auto& [grader, runs] : runs_by_grader(rows)) {
        std::ranges::sort(runs, {}, &ProfiledRun::began);
        const double first = runs.empty() ? 0 : runs.front().began;
        table += fmt::format("{}\n   began   took  processor   (seconds)\n", grader);
        double seconds = 0;
        double processor_seconds = 0;
        for (const ProfiledRun& run : runs) {
            table += fmt::format("{:8.2f}{:7.2f}{:11.2f}   {}\n", run.began - first, run.seconds,
                                 run.processor_seconds, run.what);
            seconds += run.seconds;
            processor_seconds += run.processor_seconds;
        }
        table += fmt::format("     all{:7.2f}{:11.2f}   {} runs\n", seconds, processor_seconds, runs.size());
    }
    return table;
}

Profile::Profile(bool wanted, const std::filesystem::path& scratch) {
    if (!wanted) {
        return;
    }
    file_ = scratch / "runs";
    (void)process::write_file_atomically(file_, "");
    ::setenv(variable, file_.c_str(), 1);
}

Profile::~Profile() {
    if (!file_.empty()) {
        ::unsetenv(variable);
    }
}

void Profile::show() const {
    if (file_.empty()) {
        return;
    }
    const auto rows = process::read_file(file_);
    cli::show(stderr,
              rows ? profile_table(*rows) : "vmlab: the profile is lost: " + rows.error().what + "\n");
}

}  // namespace vmlab::cli

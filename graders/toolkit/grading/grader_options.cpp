#include "grading/grader_options.hpp"

#include <fmt/core.h>

#include <charconv>

namespace vmlab::grading {

namespace {

process::Result<int> number_from(const std::string& option, const std::string& text, int lowest) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < lowest) {
        return process::failed(fmt::format("{} needs a number from {} on, not \"{}\"", option, lowest, text));
    }
    return number;
}

process::Result<void> take(GraderOptions& options, const std::string& option, const std::string& value) {
    const auto store = [](auto& place, auto parsed) -> process::Result<void> {
        if (!parsed) {
            return tl::unexpected(parsed.error());
        }
        place = *parsed;
        return {};
    };
    if (option == "--submission") {
        options.submission = value;
    } else if (option == "--result") {
        options.result = value;
    } else if (option == "--root") {
        options.root = value;
    } else if (option == "--slots") {
        options.slots = value;
    } else if (option == "--only") {
        options.only.push_back(value);
    } else if (option == "--progress-fd") {
        return store(options.progress, number_from(option, value, 0));
    } else if (option == "--jobs") {
        return store(options.jobs, number_from(option, value, 1));
    } else if (option == "--most-seconds") {
        return store(options.most_seconds, number_from(option, value, 1));
    } else if (option == "--arena") {
        return store(options.arena, arena::kind_choice(value));
    } else if (option == "--isolation") {
        return store(options.tier, process::tier_choice(value));
    } else {
        return process::failed(fmt::format("no such option: {}", option));
    }
    return {};
}

}  // namespace

process::Result<GraderOptions> parse_grader_options(const std::vector<std::string>& arguments) {
    GraderOptions options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        std::string option = arguments[i];
        std::string value;
        if (const std::size_t equals = option.find('='); equals != std::string::npos) {
            value = option.substr(equals + 1);
            option.resize(equals);
        } else if (i + 1 < arguments.size()) {
            value = arguments[++i];
        } else {
            return process::failed(fmt::format("{} is no option, or needs a value", option));
        }
        if (auto taken = take(options, option, value); !taken) {
            return tl::unexpected(taken.error());
        }
    }
    if (options.submission.empty()) {
        return process::failed("--submission DIR is missing");
    }
    return options;
}

std::string grader_usage(const std::string& program) {
    return fmt::format(
        "usage: {} --submission DIR [--result FILE] [--only CHECK]... [--progress-fd N] [--slots DIR] "
        "[--jobs N] [--most-seconds N]\n"
        "       [--arena auto|cgroup2|cgroup1|vm] [--isolation auto|namespaces|separate-user|none] "
        "[--root CHECKOUT] [GoogleTest's options]\n",
        program);
}

}  // namespace vmlab::grading

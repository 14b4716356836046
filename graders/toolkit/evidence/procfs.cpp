#include "vmlab/evidence/procfs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "evidence/text.hpp"
#include "vmlab/process/files.hpp"

namespace vmlab::evidence {
namespace {

void skip_white_space(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::string_view next_word(std::string_view& text) {
    skip_white_space(text);
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

/// "   1234 kB" in bytes.
std::uint64_t kilobytes(std::string_view value) {
    skip_white_space(value);
    return take_number<std::uint64_t>(value).value_or(0) * 1024;
}

std::vector<pid_t> numbers(std::string_view value) {
    std::vector<pid_t> found;
    for (skip_white_space(value); !value.empty(); skip_white_space(value)) {
        const auto number = take_number<pid_t>(value);
        if (!number) {
            break;
        }
        found.push_back(*number);
    }
    return found;
}

int read_int(const std::filesystem::path& file) {
    const auto text = process::read_kernel_file(file);
    if (!text) {
        return 0;
    }
    std::string_view value = *text;
    return take_number<int>(value).value_or(0);
}

std::filesystem::path folder_of(pid_t pid) {
    return std::filesystem::path("/proc") / std::to_string(pid);
}

}  // namespace

void parse_status(std::string_view text, ProcessSample& into) {
    while (const auto line = next_line(text)) {
        std::string_view value = *line;
        if (take(value, "State:")) {
            skip_white_space(value);
            if (!value.empty()) {
                into.state = value.front();
            }
        } else if (take(value, "VmSize:")) {
            into.virtual_bytes = kilobytes(value);
        } else if (take(value, "VmData:")) {
            into.data_bytes = kilobytes(value);
        } else if (take(value, "VmRSS:")) {
            into.resident_bytes = kilobytes(value);
        } else if (take(value, "VmHWM:")) {
            into.peak_resident_bytes = kilobytes(value);
        } else if (take(value, "RssAnon:")) {
            into.anonymous_bytes = kilobytes(value);
        } else if (take(value, "VmSwap:")) {
            into.swap_bytes = kilobytes(value);
        } else if (take(value, "VmLck:")) {
            into.locked_bytes = kilobytes(value);
        } else if (take(value, "VmPTE:")) {
            into.page_table_bytes = kilobytes(value);
        } else if (take(value, "NSpid:")) {
            into.namespace_pids = numbers(value);
        }
    }
}

void parse_stat(std::string_view text, ProcessSample& into) {
    // The name, in parentheses, may hold anything. Behind it: state, and six fields on the faults (proc(5)).
    std::string_view rest = text.substr(std::min(text.rfind(')'), text.size() - 1) + 1);
    for (int field = 0; field < 7; ++field) {
        next_word(rest);
    }
    for (std::uint64_t* const fault :
         {&into.minor_faults, &into.children_minor_faults, &into.major_faults, &into.children_major_faults}) {
        std::string_view word = next_word(rest);
        *fault = take_number<std::uint64_t>(word).value_or(0);
    }
}

std::vector<Mapping> parse_mappings(std::string_view text) {
    std::vector<Mapping> mappings;
    while (const auto line = next_line(text)) {
        // 55d0c0a6a000-55d0c0a8b000 rw-p 00000000 00:00 0      [heap]
        std::string_view rest = *line;
        Mapping mapping;
        const auto start = take_number<std::uint64_t>(rest, 16);
        const bool dash = take(rest, "-");
        const auto end = take_number<std::uint64_t>(rest, 16);
        if (!start || !dash || !end || !take(rest, " ") || rest.size() < 4) {
            continue;
        }
        mapping.start = *start;
        mapping.end = *end;
        mapping.permissions = rest.substr(0, 4);
        rest.remove_prefix(4);
        std::string_view offset = next_word(rest);
        mapping.offset = take_number<std::uint64_t>(offset, 16).value_or(0);
        mapping.device = next_word(rest);
        std::string_view inode = next_word(rest);
        mapping.inode = take_number<std::uint64_t>(inode).value_or(0);
        skip_white_space(rest);
        mapping.path = rest;
        mappings.push_back(std::move(mapping));
    }
    return mappings;
}

process::Result<std::vector<Mapping>> read_mappings(pid_t pid) {
    return process::read_kernel_file(folder_of(pid) / "maps").map([](const std::string& text) {
        return parse_mappings(text);
    });
}

process::Result<ProcessSample> sample_process(pid_t pid) {
    const std::filesystem::path folder = folder_of(pid);
    const auto status = process::read_kernel_file(folder / "status");
    if (!status) {
        return tl::unexpected(status.error());
    }
    ProcessSample sample;
    parse_status(*status, sample);
    if (const auto stat = process::read_kernel_file(folder / "stat"); stat && !stat->empty()) {
        parse_stat(*stat, sample);
    }
    sample.oom_score = read_int(folder / "oom_score");
    sample.oom_score_adj = read_int(folder / "oom_score_adj");
    if (const auto mappings = read_mappings(pid)) {
        const auto heap = std::ranges::find(*mappings, "[heap]", &Mapping::path);
        sample.heap_bytes = heap == mappings->end() ? 0 : heap->end - heap->start;
    }
    return sample;
}

Sampler::Sampler(pid_t pid, std::chrono::milliseconds interval,
                 std::function<void(const ProcessSample&)> on_sample)
    : on_sample_(std::move(on_sample)),
      thread_([this, pid, interval](const std::stop_token& stop) { sample_until(stop, pid, interval); }) {}

void Sampler::sample_until(const std::stop_token& stop, pid_t pid, std::chrono::milliseconds interval) {
    const auto start = std::chrono::steady_clock::now();
    auto next = start;
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        auto sample = sample_process(pid);
        if (!sample || sample->state == 'Z' || sample->state == 'X') {
            return;
        }
        sample->at = std::chrono::steady_clock::now() - start;
        samples_.push_back(std::move(*sample));
        if (on_sample_) {
            on_sample_(samples_.back());
        }
        next += interval;
        // Nobody notifies: the stop token itself wakes the wait.
        wake_.wait_until(lock, stop, next, [] { return false; });
    }
}

std::vector<ProcessSample> Sampler::finish() {
    thread_.request_stop();
    if (thread_.joinable()) {
        thread_.join();
    }
    return std::move(samples_);
}

}  // namespace vmlab::evidence

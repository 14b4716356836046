#pragma once

// What the checks of activity 1 ask of evidence. Every function is a question about values that are already
// there: none of them runs anything.

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/allocation_trace.hpp"
#include "vmlab/evidence/syscalls.hpp"
#include "vmlab/process/run.hpp"

namespace heap_growth {

using Addresses = std::vector<std::uint64_t>;
using AllocationCalls = std::vector<vmlab::evidence::AllocationCall>;

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

inline bool is_address(std::string_view line) {
    return line.size() > 2 && line.starts_with("0x") &&
           line.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
}

inline bool is_direction(std::string_view line) {
    return line == "heap grows up" || line == "heap grows down";
}

/// The first line that is no address, or is that of NULL, in whatever form it was printed: 0x0, (nil), 0.
/// Lines that `may_be_there` too are passed over.
inline std::optional<std::string> first_that_is_no_block(const std::string& text,
                                                         bool (*may_be_there)(std::string_view)) {
    for (const std::string& line : lines_of(text)) {
        const bool block = is_address(line) && line.find_first_not_of("0x") != std::string::npos;
        if (!block && !may_be_there(line)) {
            return line;
        }
    }
    return std::nullopt;
}

/// Where `phrase` stands last in the text as whole words ("heap grows downwards" is not "heap grows down").
inline std::size_t last_words(std::string_view text, std::string_view phrase) {
    const auto in_a_word = [text](std::size_t at) {
        return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
    };
    std::size_t at = text.rfind(phrase);
    while (at != std::string_view::npos && (in_a_word(at - 1) || in_a_word(at + phrase.size()))) {
        at = at == 0 ? std::string_view::npos : text.rfind(phrase, at - 1);
    }
    return at;
}

/// "up", "down", or empty when the program did not say. The last word counts.
inline std::string stated_direction(const vmlab::process::Run& run) {
    const std::size_t up = last_words(run.out, "heap grows up");
    const std::size_t down = last_words(run.out, "heap grows down");
    if (up == std::string::npos && down == std::string::npos) {
        return "";
    }
    return down == std::string::npos || (up != std::string::npos && up > down) ? "up" : "down";
}

/// Each address once, where it came first.
inline Addresses without_repetitions(const Addresses& addresses) {
    Addresses distinct;
    std::set<std::uint64_t> seen;
    std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(distinct),
                 [&seen](std::uint64_t address) { return seen.insert(address).second; });
    return distinct;
}

/// Whether somebody who looks at these addresses may say `direction`: the last lies that way from the first,
/// or most steps lead that way. The two differ when malloc reuses a freed block in between. An address that
/// comes again, because its block was freed, shows nothing new.
inline bool show(const Addresses& printed, std::string_view direction) {
    const Addresses addresses = without_repetitions(printed);
    if (addresses.size() < 2) {
        return false;
    }
    const auto goes = [direction](std::uint64_t from, std::uint64_t to) {
        return direction == "up" ? to > from : direction == "down" && to < from;
    };
    std::size_t steps = 0;
    for (std::size_t i = 1; i < addresses.size(); ++i) {
        steps += goes(addresses[i - 1], addresses[i]) ? 1 : 0;
    }
    return goes(addresses.front(), addresses.back()) || 2 * steps > addresses.size() - 1;
}

/// How many of the printed addresses, from the first one on, are results of allocation functions in the order
/// of the calls: all of them when the program printed nothing else.
inline std::size_t printed_in_order(const Addresses& printed, const vmlab::evidence::AllocationTrace& trace) {
    std::size_t matched = 0;
    for (const vmlab::evidence::AllocationCall& call : trace.calls) {
        matched += matched < printed.size() && call.allocates() && call.result == printed[matched] ? 1 : 0;
    }
    return matched;
}

/// Those of the printed addresses that an allocation function returned at any time.
inline Addresses allocated(const Addresses& printed, const vmlab::evidence::AllocationTrace& trace) {
    std::set<std::uint64_t> results;
    for (const vmlab::evidence::AllocationCall& call : trace.calls) {
        results.insert(call.result);
    }
    results.erase(0);  // NULL, and deallocations
    Addresses blocks;
    std::copy_if(printed.begin(), printed.end(), std::back_inserter(blocks),
                 [&results](std::uint64_t address) { return results.contains(address); });
    return blocks;
}

/// How many of the printed addresses are those of blocks. The same address may come again: malloc reuses a
/// freed block.
inline std::size_t number_that_are(const Addresses& printed, const Addresses& blocks) {
    const std::set<std::uint64_t> taken(blocks.begin(), blocks.end());
    return static_cast<std::size_t>(std::count_if(
        printed.begin(), printed.end(), [&taken](std::uint64_t address) { return taken.contains(address); }));
}

/// The successful calls of malloc(sizeof(int)).
inline AllocationCalls mallocs_of_an_int(const vmlab::evidence::AllocationTrace& trace) {
    AllocationCalls calls;
    std::copy_if(trace.calls.begin(), trace.calls.end(), std::back_inserter(calls), [](const auto& call) {
        return call.function == "malloc" && call.size == sizeof(int) && call.allocates();
    });
    return calls;
}

/// Those of the calls whose result is not among the printed addresses.
inline AllocationCalls not_printed(const AllocationCalls& calls, const Addresses& printed) {
    const std::set<std::uint64_t> lines(printed.begin(), printed.end());
    AllocationCalls missing;
    std::copy_if(calls.begin(), calls.end(), std::back_inserter(missing),
                 [&lines](const auto& call) { return !lines.contains(call.result); });
    return missing;
}

/// The trace's own text of every successful allocation, one a line.
inline std::string allocations_in(const vmlab::evidence::AllocationTrace& trace) {
    std::string rows;
    for (const vmlab::evidence::AllocationCall& call : trace.calls) {
        rows += call.allocates() ? call.row + '\n' : "";
    }
    return rows;
}

/// The part of the address space that the kernel gave to the program by brk.
struct Heap {
    std::uint64_t start = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t end = 0;  ///< the program break at its highest
    std::string row;        ///< strace's text of the last brk

    [[nodiscard]] bool contains(std::uint64_t address) const { return address >= start && address < end; }
};

inline Heap heap_of(const vmlab::evidence::SyscallRun& run) {
    Heap heap;
    for (const vmlab::evidence::SystemCall& call : run.named("brk")) {
        if (call.result) {
            const auto program_break = static_cast<std::uint64_t>(*call.result);
            heap.start = std::min(heap.start, program_break);
            heap.end = std::max(heap.end, program_break);
            heap.row = call.row;
        }
    }
    return heap;
}

/// "heap_growth: …", also with the path by which the program was started.
inline bool begins_with_the_programs_name(std::string_view message) {
    const std::string_view word = message.substr(0, message.find_first_of(": \t\n"));
    return word == "heap_growth" || word.ends_with("/heap_growth");
}

/// The positions, in SyscallRun::calls, of the writes that completed a line of stdout.
inline std::set<std::size_t> writes_of(const std::vector<vmlab::evidence::PacedLine>& lines) {
    std::set<std::size_t> writes;
    for (const vmlab::evidence::PacedLine& line : lines) {
        writes.insert(line.call);
    }
    return writes;
}

}  // namespace heap_growth

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
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/evidence/allocation_trace.hpp"
#include "vmlab/evidence/native_blocks.hpp"
#include "vmlab/evidence/syscalls.hpp"
#include "vmlab/grading/output.hpp"
#include "vmlab/process/run.hpp"

namespace heap_growth {

using Addresses = std::vector<std::uint64_t>;

inline bool is_direction(std::string_view line) {
    return line == "heap grows up" || line == "heap grows down";
}

/// The first line that is no address, or is that of NULL, in whatever form it was printed: 0x0, (nil), 0.
/// Lines that `may_be_there` too are passed over.
inline std::optional<std::string> first_that_is_no_block(const std::string& text,
                                                         bool (*may_be_there)(std::string_view)) {
    for (const std::string& line : vmlab::grading::lines_of(text)) {
        const bool is_block = vmlab::grading::address_of(line).value_or(0) != 0;
        if (!is_block && !may_be_there(line)) {
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

/// Which way a list of addresses goes. An address that comes again, because its block was freed, shows
/// nothing new.
struct Course {
    std::size_t distinct = 0;
    std::size_t up = 0;  ///< steps from one address to the next
    std::size_t down = 0;
    bool ends_above = false;  ///< the last lies above the first
    bool repeats = false;     ///< an address came again

    /// Whether somebody who looks at the addresses may say `direction`: the last lies that way from the
    /// first, or most steps lead that way. The two differ when malloc reuses a freed block in between.
    [[nodiscard]] bool shows(std::string_view direction) const {
        if (distinct < 2) {
            return false;
        }
        return direction == "up" ? ends_above || up > down
                                 : direction == "down" && (!ends_above || down > up);
    }
};

inline Course course_of(const Addresses& printed) {
    const Addresses addresses = without_repetitions(printed);
    Course course;
    course.distinct = addresses.size();
    course.repeats = addresses.size() < printed.size();
    course.ends_above = !addresses.empty() && addresses.back() > addresses.front();
    for (std::size_t i = 1; i < addresses.size(); ++i) {
        (addresses[i] > addresses[i - 1] ? course.up : course.down) += 1;
    }
    return course;
}

/// The blocks of a run, as one witness knows them.
struct Blocks {
    Addresses all;   ///< in the order in which they were taken, those of libraries included
    Addresses ints;  ///< those of sizeof(int) bytes that malloc returned
};

inline Blocks blocks_in(const vmlab::evidence::AllocationTrace& trace) {
    Blocks blocks;
    for (const vmlab::evidence::AllocationCall& call : trace.calls) {
        if (!call.allocates()) {
            continue;
        }
        blocks.all.push_back(call.result);
        if (call.function == "malloc" && call.size == sizeof(int)) {
            blocks.ints.push_back(call.result);
        }
    }
    return blocks;
}

inline Blocks blocks_in(const vmlab::evidence::NativeBlocks& native) {
    Blocks blocks;
    for (const vmlab::evidence::NativeBlock& block : native.blocks) {
        blocks.all.push_back(block.address);
        if (block.programs_own && block.size == sizeof(int)) {
            blocks.ints.push_back(block.address);
        }
    }
    return blocks;
}

/// How many of the printed addresses, from the first one on, are those of blocks in the order in which they
/// were taken: all of them when the program printed nothing else.
inline std::size_t printed_in_order(const Addresses& printed, const Blocks& blocks) {
    std::size_t matched = 0;
    for (const std::uint64_t block : blocks.all) {
        matched += matched < printed.size() && block == printed[matched] ? 1 : 0;
    }
    return matched;
}

/// The first block of an int that is not among the printed addresses.
inline std::optional<std::uint64_t> first_not_printed(const Blocks& blocks, const Addresses& printed) {
    const std::set<std::uint64_t> lines(printed.begin(), printed.end());
    const auto missing = std::ranges::find_if_not(
        blocks.ints, [&lines](std::uint64_t block) { return lines.contains(block); });
    return missing == blocks.ints.end() ? std::nullopt : std::optional(*missing);
}

/// Those of the printed addresses that are blocks, whenever they were taken.
inline Addresses that_are_blocks(const Addresses& printed, const Blocks& blocks) {
    const std::set<std::uint64_t> taken(blocks.all.begin(), blocks.all.end());
    Addresses found;
    std::ranges::copy_if(printed, std::back_inserter(found),
                         [&taken](std::uint64_t address) { return taken.contains(address); });
    return found;
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

/// The positions, in SyscallRun::calls, of the writes that completed a line of stdout.
inline std::set<std::size_t> writes_of(const std::vector<vmlab::evidence::PacedLine>& lines) {
    std::set<std::size_t> writes;
    for (const vmlab::evidence::PacedLine& line : lines) {
        writes.insert(line.call);
    }
    return writes;
}

}  // namespace heap_growth

#include "vmlab/evidence/allocation_trace.hpp"

#include <cctype>
#include <limits>
#include <unordered_map>

#include "evidence/text.hpp"

namespace vmlab::evidence {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

std::optional<std::uint64_t> take_address(std::string_view& text) {
    return take(text, "0x") ? take_number<std::uint64_t>(text, 16) : std::nullopt;
}

/// Takes "--123-- " or "==123== " off a row and returns the pid.
std::optional<int> take_mark(std::string_view& row, std::string_view fence) {
    std::string_view rest = row;
    if (!take(rest, fence)) {
        return std::nullopt;
    }
    const auto pid = take_number<int>(rest);
    if (!pid || !take(rest, fence)) {
        return std::nullopt;
    }
    (void)take(rest, " ");
    row = rest;
    return pid;
}

/// The numbers between a call's parentheses. Memcheck's forms: (SIZE), (COUNT,SIZE), (0xADDRESS),
/// (0xADDRESS,SIZE), (al ALIGNMENT, size SIZE), (size SIZE, al ALIGNMENT).
struct Arguments {
    std::optional<std::uint64_t> address;
    std::uint64_t size = 0;
};

std::optional<Arguments> read_arguments(std::string_view text) {
    Arguments found;
    bool counted = false;
    while (!text.empty()) {
        const bool alignment = take(text, "al ");
        (void)take(text, "size ");
        if (text.starts_with("0x")) {
            found.address = take_address(text);
            if (!found.address) {
                return std::nullopt;
            }
        } else {
            const auto number = take_number<std::uint64_t>(text);
            if (!number) {
                return std::nullopt;
            }
            if (!alignment) {
                const bool too_large = counted && *number != 0 && found.size > most / *number;
                found.size = too_large ? most : counted ? found.size * *number : *number;
                counted = true;
            }
        }
        if (!take(text, ",") && !text.empty()) {
            return std::nullopt;
        }
        (void)take(text, " ");
    }
    return found;
}

bool is_identifier(std::string_view text) {
    if (text.empty()) {
        return false;
    }
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') {
            return false;
        }
    }
    return true;
}

enum class RowKind { call, torn, other };

/// Reads one row of the trace into `call`. realloc shows the call that it passes on to, within its own row:
/// "realloc(0x0,15)malloc(15) = 0x4D91250" and "realloc(0x4D90D80,0)free(0x4D90D80)".
RowKind read_row(std::string_view row, AllocationCall& call) {
    const std::size_t open = row.find('(');
    if (open == std::string_view::npos || !is_identifier(row.substr(0, open))) {
        return RowKind::other;
    }
    const std::size_t close = row.find(')', open);
    if (close == std::string_view::npos) {
        return RowKind::torn;
    }
    call.function = row.substr(0, open);
    call.row = row;
    const auto arguments = read_arguments(row.substr(open + 1, close - open - 1));
    if (!arguments) {
        return RowKind::torn;
    }

    std::string_view rest = row.substr(close + 1);
    if (call.function == "realloc" && !rest.empty() && rest.front() != ' ') {
        AllocationCall inner;
        const RowKind kind = read_row(rest, inner);
        call.size = inner.size;
        call.freed = inner.freed;
        call.result = inner.result;
        // Another thread's call may have come between: realloc(0xADDRESS,20)malloc(8) = 0x…
        const bool is_its_own = arguments->address.value_or(0) == inner.freed;
        return kind == RowKind::call && is_its_own ? RowKind::call : RowKind::torn;
    }
    if (rest.empty()) {
        call.freed = arguments->address.value_or(0);
        return arguments->address ? RowKind::call : RowKind::torn;
    }
    if (!take(rest, " = ")) {
        return RowKind::torn;
    }
    if (call.function == "malloc_usable_size") {
        return RowKind::other;
    }
    const auto result = take_address(rest);
    if (!result || !rest.empty()) {
        return RowKind::torn;
    }
    call.size = arguments->size;
    call.result = *result;
    // A realloc that could not get a larger block leaves the old one as it was.
    call.freed = *result != 0 ? arguments->address.value_or(0) : 0;
    return RowKind::call;
}

}  // namespace

std::vector<Block> AllocationTrace::blocks() const {
    std::vector<Block> all;
    std::unordered_map<std::uint64_t, std::size_t> alive;
    for (std::size_t at = 0; at < calls.size(); ++at) {
        const AllocationCall& call = calls[at];
        if (const auto found = alive.find(call.freed); call.deallocates() && found != alive.end()) {
            all[found->second].freed_at = at;
            alive.erase(found);
        }
        if (call.allocates()) {
            alive[call.result] = all.size();
            all.push_back({call.result, call.size, call.function, at, std::nullopt});
        }
    }
    return all;
}

std::vector<Block> AllocationTrace::blocks_of_size(std::uint64_t bytes) const {
    std::vector<Block> found = blocks();
    std::erase_if(found, [bytes](const Block& block) { return block.size != bytes; });
    return found;
}

AllocationTrace parse_allocation_trace(std::string_view log, int pid) {
    AllocationTrace trace;
    while (const auto line = next_line(log)) {
        std::string_view row = *line;
        const auto writer = take_mark(row, "--");
        if (!writer) {
            continue;
        }
        if (pid == 0) {
            pid = *writer;
        }
        if (*writer != pid) {
            continue;
        }
        AllocationCall call;
        switch (read_row(row, call)) {
            case RowKind::call:
                trace.calls.push_back(std::move(call));
                break;
            case RowKind::torn:
                ++trace.torn_rows;
                break;
            case RowKind::other:
                break;
        }
    }
    return trace;
}

std::string remarks_in(std::string_view log, int pid) {
    std::string remarks;
    while (const auto line = next_line(log)) {
        std::string_view row = *line;
        // Before it has read its options, and when it gives up, Valgrind writes without a mark.
        const auto writer = take_mark(row, "==");
        const bool unmarked = !writer && row.starts_with("valgrind:");
        if (unmarked || (writer && (pid == 0 || *writer == pid))) {
            remarks.append(row).push_back('\n');
        }
    }
    return remarks;
}

std::vector<std::uint64_t> addresses_in(std::string_view text) {
    std::vector<std::uint64_t> addresses;
    for (std::size_t at = text.find('0'); at != std::string_view::npos; at = text.find('0')) {
        text.remove_prefix(at);
        std::string_view digits = text;
        const bool marked = take(digits, "0x") || take(digits, "0X");
        if (const auto address = marked ? take_number<std::uint64_t>(digits, 16) : std::nullopt) {
            addresses.push_back(*address);
        }
        text.remove_prefix(marked ? 2 : 1);
    }
    return addresses;
}

}  // namespace vmlab::evidence

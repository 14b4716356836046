#include <algorithm>
#include <pugixml.hpp>

#include "evidence/text.hpp"
#include "vmlab/evidence/memcheck.hpp"

namespace vmlab::evidence {
namespace {

constexpr std::string_view declaration = "<?xml version=\"1.0\"?>";
constexpr std::string_view document_start = "<?xml";
constexpr std::string_view closing_tag = "</valgrindoutput>";

constexpr std::string_view leak_prefix = "Leak_";
constexpr std::pair<std::string_view, LeakKind> leak_kinds[] = {
    {"Leak_DefinitelyLost", LeakKind::definitely_lost},
    {"Leak_IndirectlyLost", LeakKind::indirectly_lost},
    {"Leak_PossiblyLost", LeakKind::possibly_lost},
    {"Leak_StillReachable", LeakKind::still_reachable},
};

const Frame* innermost(const std::vector<Frame>& stack, std::string_view source_file) {
    const auto found = std::ranges::find(stack, source_file, &Frame::file);
    return found == stack.end() ? nullptr : &*found;
}

/// Memcheck gives a sentence as <NAME> or, with numbers beside it, as <xNAME><text>.
std::string sentence(const pugi::xml_node& error, const char* name, const char* extended_name) {
    const pugi::xml_node plain = error.child(name);
    return plain ? plain.text().get() : error.child(extended_name).child("text").text().get();
}

std::vector<Frame> read_stack(const pugi::xml_node& stack) {
    std::vector<Frame> frames;
    for (const pugi::xml_node& frame : stack.children("frame")) {
        frames.push_back({frame.child("fn").text().get(),
                          std::string(base_name(frame.child("obj").text().get())),
                          std::string(base_name(frame.child("file").text().get())),
                          whole_number<int>(frame.child("line").text().get()).value_or(0)});
    }
    return frames;
}

/// How many bytes the lost blocks have themselves. Of "64 (16 direct, 48 indirect) bytes in 1 blocks are
/// definitely lost" <leakedbytes> gives 64, but the 48 are in the loss records of the blocks behind it as
/// well.
std::optional<std::uint64_t> own_bytes(const pugi::xml_node& what) {
    const std::string_view text = what.child("text").text().get();
    const std::size_t end = text.find(" direct, ");
    if (end == std::string_view::npos) {
        return whole_number<std::uint64_t>(what.child("leakedbytes").text().get());
    }
    std::string digits(text.substr(0, end));
    digits.erase(0, digits.rfind('(') + 1);
    std::erase(digits, ',');
    return whole_number<std::uint64_t>(digits);
}

/// Adds one <error> to the report. False when it is not of Memcheck's form.
bool read_error(const pugi::xml_node& error, MemcheckReport& report) {
    const std::string kind = error.child("kind").text().get();
    if (kind.empty()) {
        return false;
    }
    if (!kind.starts_with(leak_prefix)) {
        if (kind != "ReallocSizeZero") {
            report.errors.push_back({kind, sentence(error, "what", "xwhat"),
                                     sentence(error, "auxwhat", "xauxwhat"),
                                     read_stack(error.child("stack"))});
        }
        return true;
    }
    const auto known =
        std::ranges::find(leak_kinds, kind, [](const auto& entry) { return std::string(entry.first); });
    const pugi::xml_node what = error.child("xwhat");
    const auto bytes = own_bytes(what);
    const auto blocks = whole_number<std::uint64_t>(what.child("leakedblocks").text().get());
    if (known == std::end(leak_kinds) || !bytes || !blocks) {
        return false;
    }
    report.leaks.push_back({known->second, *bytes, *blocks, read_stack(error.child("stack"))});
    return true;
}

tl::unexpected<process::Error> not_valgrinds(const std::string& why) {
    return process::failed("Memcheck's report is no document of Valgrind's: " + why);
}

/// The part of a document that was cut off which still consists of whole elements, closed by us.
std::string mended(std::string_view document) {
    std::size_t end = 0;
    for (const std::string_view tag : {"</pid>", "</args>", "</status>", "</error>"}) {
        if (const std::size_t at = document.rfind(tag); at != std::string_view::npos) {
            end = std::max(end, at + tag.size());
        }
    }
    if (end == 0) {
        return {};
    }
    return std::string(document.substr(0, end)).append(closing_tag);
}

process::Result<MemcheckReport> parse_document(std::string_view text) {
    MemcheckReport report;
    if (!text.starts_with(declaration.substr(0, text.size()))) {
        return not_valgrinds("it does not begin as one");
    }
    if (text.find('\0') != std::string_view::npos) {
        return not_valgrinds("it holds a NUL byte");
    }

    report.started = text.find("<state>RUNNING</state>") != std::string_view::npos;
    std::string whole(text);
    if (text.ends_with(closing_tag)) {
        report.complete = true;
    } else {
        whole = mended(text);
        if (whole.empty()) {
            return report;
        }
    }

    pugi::xml_document document;
    const pugi::xml_parse_result parsed = document.load_buffer_inplace(whole.data(), whole.size());
    if (!parsed) {
        return not_valgrinds(parsed.description());
    }
    const pugi::xml_node root = document.child("valgrindoutput");
    if (!root || std::string_view(root.child("protocoltool").text().get()) != "memcheck") {
        return not_valgrinds("it is not Memcheck's");
    }
    report.pid = root.child("pid").text().as_int();
    for (const pugi::xml_node& error : root.children("error")) {
        if (!read_error(error, report)) {
            return not_valgrinds("an error of unknown form");
        }
    }
    return report;
}

/// One process's document, whose pieces may stand apart.
struct Document {
    int pid = 0;
    std::string text;
};

int pid_of(std::string_view document) {
    constexpr std::string_view tag = "<pid>";
    const std::size_t at = document.find(tag);
    if (at == std::string_view::npos) {
        return 0;
    }
    document.remove_prefix(at + tag.size());
    return take_number<int>(document).value_or(0);
}

/// Cuts off what reaches to the next document's start or to the end of this one.
std::string_view take_piece(std::string_view& xml) {
    const std::size_t start = xml.find(document_start, 1);
    const std::size_t tag = xml.find(closing_tag);
    const std::size_t end = tag == std::string_view::npos ? tag : tag + closing_tag.size();
    const std::string_view piece = xml.substr(0, std::min(start, end));
    xml.remove_prefix(piece.size());
    return piece;
}

/// The document of the first process. A process that it forked and that executed another program (system(3)
/// does both) writes one of its own amid that of its parent, which waits for it. Valgrind escapes "<" in
/// everything that it quotes, so that a declaration is always the start of a document.
process::Result<std::string> first_document(std::string_view xml) {
    std::optional<Document> first;  // once it has ended
    std::vector<Document> open;     // innermost last
    std::optional<int> first_pid;
    while (!xml.empty()) {
        const std::string_view piece = take_piece(xml);
        if (piece.starts_with(document_start)) {
            const int pid = pid_of(piece);
            if (first_pid == pid) {
                return process::failed(
                    "the process wrote two reports: it executed another program in its place");
            }
            if (!first_pid) {
                first_pid = pid;
            }
            if (!open.empty() && open.back().pid == pid) {
                open.pop_back();
            }
            open.push_back({pid, {}});
        }
        if (open.empty()) {
            // Blank lines, or the first bytes of a document that is cut off.
            const std::string_view rest = piece.substr(std::min(piece.find_first_not_of('\n'), piece.size()));
            if (!document_start.starts_with(rest)) {
                return not_valgrinds(first ? "something follows its end" : "it does not begin as one");
            }
            continue;
        }
        open.back().text += piece;
        if (piece.ends_with(closing_tag)) {
            if (open.back().pid == first_pid) {
                first = std::move(open.back());
            }
            open.pop_back();
        }
    }
    if (!open.empty() && open.front().pid == first_pid) {
        first = std::move(open.front());
    }
    return first ? std::move(first->text) : std::string();
}

}  // namespace

std::string_view name_of(LeakKind kind) {
    switch (kind) {
        case LeakKind::definitely_lost:
            return "definitely lost";
        case LeakKind::indirectly_lost:
            return "indirectly lost";
        case LeakKind::possibly_lost:
            return "possibly lost";
        case LeakKind::still_reachable:
            break;
    }
    return "still reachable";
}

const Frame* Leak::at(std::string_view source_file) const {
    return innermost(stack, source_file);
}

const Frame* MemoryError::at(std::string_view source_file) const {
    return innermost(stack, source_file);
}

bool MemoryError::about_freeing() const {
    return kind == "InvalidFree" || kind == "MismatchedFree";
}

bool MemoryError::about_unset_values() const {
    return kind.starts_with("Uninit") || kind == "SyscallParam";
}

bool MemoryError::at_null() const {
    constexpr std::uint64_t first_page = 4096;
    std::string_view rest = detail;
    if (!take(rest, "Address 0x")) {
        return false;
    }
    const auto address = take_number<std::uint64_t>(rest, 16);
    return address && *address < first_page;
}

std::uint64_t MemcheckReport::bytes(LeakKind kind) const {
    std::uint64_t sum = 0;
    for (const Leak& leak : leaks) {
        sum += leak.kind == kind ? leak.bytes : 0;
    }
    return sum;
}

std::uint64_t MemcheckReport::blocks(LeakKind kind) const {
    std::uint64_t sum = 0;
    for (const Leak& leak : leaks) {
        sum += leak.kind == kind ? leak.blocks : 0;
    }
    return sum;
}

std::vector<Leak> MemcheckReport::leaks_of(LeakKind kind) const {
    std::vector<Leak> found;
    std::ranges::copy_if(leaks, std::back_inserter(found),
                         [kind](const Leak& leak) { return leak.kind == kind; });
    return found;
}

const MemoryError* MemcheckReport::misuse() const {
    constexpr std::string_view kinds[] = {"InvalidRead", "InvalidWrite", "InvalidJump",     "InvalidFree",
                                          "UninitValue", "Overlap",      "UninitCondition", "SyscallParam"};
    const auto found = std::ranges::find_if(errors, [&kinds](const MemoryError& error) {
        return std::ranges::find(kinds, error.kind) != std::end(kinds);
    });
    return found == errors.end() ? nullptr : &*found;
}

process::Result<MemcheckReport> parse_memcheck_xml(std::string_view xml) {
    const auto document = first_document(xml);
    if (!document) {
        return tl::unexpected(document.error());
    }
    return parse_document(*document);
}

}  // namespace vmlab::evidence

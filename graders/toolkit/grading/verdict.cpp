#include "vmlab/grading/verdict.hpp"

#include <fmt/core.h>

#include <csignal>
#include <utility>

namespace vmlab::grading {

namespace {

constexpr std::size_t card_columns = 120;

void add_row(std::string& text, std::string_view label, const std::string& value) {
    if (value.empty()) {
        return;
    }
    text += fmt::format("\n  {:<9} ", label);
    for (const char c : value) {
        text += c;
        if (c == '\n') {
            text += "            ";
        }
    }
}

std::string as_text(OutcomeKind kind, std::optional<Reason> reason, const Card& card) {
    std::string text(name_of(kind));
    if (reason) {
        text += fmt::format(" ({})", name_of(*reason));
    }
    add_row(text, "expected", card.expected);
    add_row(text, "observed", card.observed);
    add_row(text, "evidence", card.evidence);
    add_row(text, "why", card.why);
    add_row(text, "next", card.next);
    return text;
}

/// The number of bytes of the well-formed UTF-8 character that the text begins with; 0 when there is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    std::size_t length = 0;
    unsigned char lowest = 0x80;
    unsigned char highest = 0xBF;
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
    } else {
        return 0;
    }
    // The ranges that would be overlong, surrogates, or beyond U+10FFFF.
    if (first == 0xE0) {
        lowest = 0xA0;
    } else if (first == 0xED) {
        highest = 0x9F;
    } else if (first == 0xF0) {
        lowest = 0x90;
    } else if (first == 0xF4) {
        highest = 0x8F;
    }
    if (text.size() < length || byte(1) < lowest || byte(1) > highest) {
        return 0;
    }
    for (std::size_t i = 2; i < length; ++i) {
        if (byte(i) < 0x80 || byte(i) > 0xBF) {
            return 0;
        }
    }
    return length;
}

/// One line with everything that a terminal would act upon made visible, and cut.
std::string visible(std::string_view line) {
    std::string shown;
    std::size_t columns = 0;
    for (std::size_t i = 0; i < line.size();) {
        if (columns >= card_columns) {
            return shown + "…";
        }
        const auto byte = static_cast<unsigned char>(line[i]);
        const std::size_t length = utf8_length(line.substr(i));
        // U+0080 to U+009F are control characters too.
        const bool control = byte < 0x20 || byte == 0x7F ||
                             (byte == 0xC2 && length == 2 && static_cast<unsigned char>(line[i + 1]) < 0xA0);
        if (byte == '\t') {
            shown += "\\t";
            columns += 2;
        } else if (length == 0 || control) {
            const std::size_t bytes = length == 0 ? 1 : length;
            for (std::size_t k = 0; k < bytes; ++k) {
                shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(line[i + k]));
            }
            columns += 4 * bytes;
            i += bytes;
            continue;
        } else {
            shown += line.substr(i, length);
            ++columns;
        }
        i += length;
    }
    return shown;
}

std::string run_evidence(const process::Run& run) {
    std::string evidence;
    if (!run.out.empty()) {
        evidence += "stdout: " + excerpt(run.out, 4);
    }
    if (!run.err.empty()) {
        evidence += (evidence.empty() ? "stderr: " : "\nstderr: ") + excerpt(run.err, 4);
    }
    return evidence.empty() ? "it printed nothing" : evidence;
}

struct SignalLesson {
    std::string why;
    std::string next;
};

SignalLesson lesson_of(int signal) {
    switch (signal) {
        case SIGSEGV:
        case SIGBUS:
            return {
                "The program used an address at which it has no memory: a pointer that is null, was never "
                "set, or "
                "points past the end of its block or into memory that was freed.",
                "Run it under valgrind: it names the line of the first wrong access."};
        case SIGABRT:
            return {
                "The C library or the C++ runtime gave up: a block freed twice, a damaged heap, a failed "
                "assert, or "
                "an exception that nobody caught (std::bad_alloc is one). The reason stands on stderr.",
                "Run it under valgrind: it names the line of the first wrong access."};
        case SIGFPE:
            return {"A whole number was divided by zero.",
                    "Run it under gdb: `gdb ./PROGRAM`, then `run`, then `backtrace`."};
        case SIGKILL:
            return {
                "Nobody can catch SIGKILL: the program sent it to itself, or the kernel killed it for its "
                "memory.",
                "Look at how much it allocates: `command time -v ./PROGRAM` shows its largest resident set."};
        case SIGPIPE:
            return {"The program wrote to a pipe that nobody reads any more.", {}};
        default:
            return {"A signal that nobody handled ended the program.",
                    "Run it under gdb: `gdb ./PROGRAM`, then `run`, then `backtrace`."};
    }
}

}  // namespace

Verdict::Verdict(OutcomeKind kind, std::optional<Reason> reason, Card card)
    : kind_(kind), reason_(reason), card_(std::move(card)), text_(as_text(kind_, reason_, card_)) {}

void fail(Card card, Reason reason) {
    throw Verdict(OutcomeKind::failed, reason, std::move(card));
}

void cannot_judge(std::string lacking, std::string fix) {
    Card card;
    card.observed = std::move(lacking);
    card.next = std::move(fix);
    throw Verdict(OutcomeKind::cannot_judge, std::nullopt, std::move(card));
}

void suspect_tampering(Card card) {
    throw Verdict(OutcomeKind::tamper_suspected, std::nullopt, std::move(card));
}

void raise(const process::Error& error) {
    if (error.kind == process::ErrorKind::machine_lacks) {
        cannot_judge(error.what, error.fix);
    }
    Card card;
    card.observed = error.what;
    card.why = "This is the grader's fault or the machine's, not yours: no points are lost by it.";
    card.next = error.fix;
    throw Verdict(OutcomeKind::grader_error, std::nullopt, std::move(card));
}

void expect_exit(const process::Run& run, const std::string& doing) {
    using process::Ending;
    Card card;
    card.observed = fmt::format("{}, while {}", run.describe(), doing);
    if (run.ending == Ending::stopped) {
        raise(
            {process::ErrorKind::failed, "the grader stopped a run whose end it needs, while " + doing, {}});
    }
    card.evidence = run_evidence(run);
    if (run.out_of_memory) {
        card.expected = "a program that takes no more memory than its task needs";
        card.observed = fmt::format("the kernel killed it for its memory, while {}", doing);
        card.why =
            "Every run here has a memory limit, so that a program that takes ever more harms nobody else. "
            "Only the activities about running out of memory ask for that, and they have an arena for it.";
        card.next =
            "Look for the loop that allocates: `command time -v ./PROGRAM` shows its largest resident set.";
        fail(std::move(card), Reason::out_of_memory);
    }
    if (run.ending == Ending::timed_out || run.status.killed_by(SIGXCPU)) {
        card.expected = "the program ends by itself";
        card.why =
            "A program that never ends is usually in a loop whose condition stays true, or waits for input "
            "that nobody gives: the programs of this lab read none unless the task says so.";
        card.next =
            "Run it yourself; when it hangs, Ctrl+C, or `gdb -p PID` and `backtrace` to see where it is.";
        fail(std::move(card), Reason::timed_out);
    }
    if (run.ending == Ending::output_limit || run.status.killed_by(SIGXFSZ)) {
        card.expected = "a few lines of output";
        card.why = "Endless output nearly always comes from a loop that prints and does not stop.";
        card.next = "Run it yourself with `| head` behind it, and look at the loop that prints.";
        fail(std::move(card), Reason::output_limit);
    }
    if (run.status.signal) {
        SignalLesson lesson = lesson_of(*run.status.signal);
        card.expected = "the program ends by returning from main or by exit";
        card.why = std::move(lesson.why);
        card.next = std::move(lesson.next);
        fail(std::move(card), Reason::crashed);
    }
}

void expect_exit_status(const process::Run& run, int status, const std::string& doing) {
    expect_exit(run, doing);
    if (run.status.exited_with(status)) {
        return;
    }
    Card card;
    card.expected = fmt::format("exit status {}", status);
    card.observed = fmt::format("{}, while {}", run.status.describe(), doing);
    card.evidence = run_evidence(run);
    card.why =
        "The exit status is how a program tells the shell, and every script, whether it succeeded: 0 for "
        "success, "
        "another number for each way of failing.";
    card.next = "Run it and then `echo $?`.";
    fail(std::move(card));
}

std::string excerpt(std::string_view text, std::size_t lines) {
    std::string shown;
    std::size_t taken = 0;
    while (!text.empty() && taken < lines) {
        const std::size_t end = text.find('\n');
        if (taken > 0) {
            shown += '\n';
        }
        shown += visible(text.substr(0, end));
        ++taken;
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    if (!text.empty()) {
        std::size_t more = text.back() == '\n' ? 0U : 1U;
        for (const char c : text) {
            more += c == '\n' ? 1U : 0U;
        }
        shown += fmt::format("\n… and {} more line{}", more, more == 1 ? "" : "s");
    }
    return shown;
}

}  // namespace vmlab::grading

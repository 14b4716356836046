// Grader of activity 10: what is in an executable?
//
// linkage reads files that were drawn for this grading, so that what is right is known, and real ones, of
// which libelf tells the same. It is built twice, the second time with -static.
//
// Here stand the checks on what it prints; reading_checks.cpp and answers_checks.cpp hold the others.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace linkage;

std::string shown_number(const std::optional<std::uint64_t>& number) {
    return number ? std::to_string(*number) : "no number";
}

TEST(Linkage, NamesTheInterpreter) {
    for (const Case& one : cases.get()) {
        if (one.printed.interpreter != one.facts.interpreter) {
            fail_case(one, fmt::format("interpreter {}", one.facts.interpreter),
                      one.printed.interpreter ? fmt::format("interpreter {}", *one.printed.interpreter)
                                              : "no such line");
        }
    }
}

TEST(Linkage, NamesWhatItNeeds) {
    for (const Case& one : cases.get()) {
        // Without any other line an empty list says nothing.
        if (one.printed.needed != one.facts.needed || !one.printed.interpreter) {
            fail_case(one,
                      fmt::format("{} line(s) needs: {}", one.facts.needed.size(),
                                  fmt::join(one.facts.needed, ", ")),
                      fmt::format("{} line(s): {}", one.printed.needed.size(),
                                  fmt::join(one.printed.needed, ", ")));
        }
    }
}

TEST(Linkage, TellsFixedFromRelocatable) {
    for (const Case& one : cases.get()) {
        const std::string right = one.facts.fixed ? "fixed" : "relocatable";
        if (one.printed.addresses != right) {
            fail_case(one, "addresses " + right,
                      one.printed.addresses ? "addresses " + *one.printed.addresses : "no such line");
        }
    }
}

void expect_sum(const char* name, std::uint64_t Facts::*due_sum,
                std::optional<std::uint64_t> Printed::*printed_sum) {
    for (const Case& one : cases.get()) {
        if (one.printed.*printed_sum != one.facts.*due_sum) {
            fail_case(one, fmt::format("{} {}", name, one.facts.*due_sum),
                      shown_number(one.printed.*printed_sum));
        }
    }
}

TEST(Linkage, AddsUpTheText) {
    expect_sum("text", &Facts::text, &Printed::text);
}

TEST(Linkage, AddsUpTheData) {
    expect_sum("data", &Facts::data, &Printed::data);
}

TEST(Linkage, AddsUpTheBss) {
    expect_sum("bss", &Facts::bss, &Printed::bss);
}

bool is_right(const Case& one) {
    const Printed& printed = one.printed;
    const Facts& facts = one.facts;
    return printed.interpreter == facts.interpreter && printed.needed == facts.needed &&
           printed.addresses == (facts.fixed ? "fixed" : "relocatable") && printed.text == facts.text &&
           printed.data == facts.data && printed.bss == facts.bss;
}

TEST(Linkage, WorksWhenLinkedStatically) {
    const Facts own = facts_of(lab().program("linkage", static_build).executable);
    if (own.interpreter != "none") {
        fail({.expected = "a program that is linked statically",
              .observed = "it has an interpreter: " + own.interpreter,
              .evidence = grading::build_command("linkage.cpp", "linkage_static", static_build),
              .next = "readelf -lW linkage_static"});
    }
    for (const Case& one : cases_of_the_static_one.get()) {
        if (!is_right(one)) {
            fail_run(one.run, "running the static program on " + one.what,
                     {.expected = fmt::format("of {}:\n{}", one.what, due(one.facts)),
                      .observed = shown(one.run.out, 12),
                      .evidence = "built with " +
                                  grading::build_command("linkage.cpp", "linkage_static", static_build),
                      .next = grading::build_command("linkage.cpp", "linkage_static", static_build) +
                              " && ./linkage_static linkage_static"});
        }
    }
}

TEST(Linkage, PrintsItsLines) {
    for (const Case& one : cases.get()) {
        if (!one.printed.in_order) {
            fail_case(
                one,
                "interpreter, needs (one line each), addresses, text data bss: in this order, and no other line",
                shown(one.run.out, 12));
        }
        grading::expect_exit_status(one.run, 0, "running ./linkage on " + one.what);
    }
}

}  // namespace

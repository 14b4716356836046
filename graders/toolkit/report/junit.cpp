#include "vmlab/report/junit.hpp"

#include <fmt/format.h>

#include <pugixml.hpp>
#include <sstream>

#include "vmlab/report/printable.hpp"

namespace vmlab::report {

namespace {

using grading::CheckResult;
using grading::OutcomeKind;

void set(pugi::xml_node node, const char* name, std::string_view value) {
    node.append_attribute(name).set_value(printable(value).c_str());
}

void add_property(pugi::xml_node properties, const char* name, const std::string& value) {
    const pugi::xml_node property = properties.append_child("property");
    set(property, "name", name);
    set(property, "value", value);
}

std::string card_text(const grading::Card& card) {
    return fmt::format("expected: {}\nobserved: {}\nevidence: {}\nwhy: {}\nnext: {}\n", card.expected,
                       card.observed, card.evidence, card.why, card.next);
}

const char* element_of(OutcomeKind outcome) {
    switch (outcome) {
        case OutcomeKind::failed:
            return "failure";
        case OutcomeKind::cannot_judge:
            return "skipped";
        default:
            return "error";
    }
}

void add_check(pugi::xml_node suite, const grading::ActivityResult& activity, const CheckResult& check) {
    pugi::xml_node testcase = suite.append_child("testcase");
    set(testcase, "name", check.name);
    set(testcase, "classname", fmt::format("vmlab.{:02}-{}", activity.number, activity.slug));
    set(testcase, "time", fmt::format("{:.3f}", check.seconds));
    const pugi::xml_node properties = testcase.append_child("properties");
    add_property(properties, "title", check.title);
    add_property(properties, "outcome", std::string(grading::name_of(check.outcome)));
    add_property(properties, "score", std::to_string(check.score));
    add_property(properties, "max_score", std::to_string(check.max_score));
    if (check.outcome == OutcomeKind::passed) {
        return;
    }
    pugi::xml_node detail = testcase.append_child(element_of(check.outcome));
    set(detail, "message", check.card.observed);
    if (check.outcome != OutcomeKind::cannot_judge) {
        set(detail, "type", check.reason ? grading::name_of(*check.reason) : grading::name_of(check.outcome));
    }
    detail.text().set(printable(card_text(check.card)).c_str());
}

struct Counts {
    int tests = 0;
    int failures = 0;
    int errors = 0;
    int skipped = 0;
    double seconds = 0;

    void add(const CheckResult& check) {
        ++tests;
        seconds += check.seconds;
        failures += check.outcome == OutcomeKind::failed ? 1 : 0;
        skipped += check.outcome == OutcomeKind::cannot_judge ? 1 : 0;
        errors += check.outcome == OutcomeKind::grader_error || check.outcome == OutcomeKind::tamper_suspected
                      ? 1
                      : 0;
    }

    void write(pugi::xml_node node) const {
        set(node, "tests", std::to_string(tests));
        set(node, "failures", std::to_string(failures));
        set(node, "errors", std::to_string(errors));
        set(node, "skipped", std::to_string(skipped));
        set(node, "time", fmt::format("{:.3f}", seconds));
    }
};

}  // namespace

std::string render_junit(const grading::Result& result) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.prepend_child(pugi::node_declaration);
    set(declaration, "version", "1.0");
    set(declaration, "encoding", "UTF-8");
    pugi::xml_node suites = document.append_child("testsuites");
    set(suites, "name", "vmlab");
    Counts all;
    for (const grading::ActivityResult& activity : result.activities) {
        pugi::xml_node suite = suites.append_child("testsuite");
        set(suite, "name", fmt::format("{:02}-{}", activity.number, activity.slug));
        Counts counts;
        for (const CheckResult& check : activity.checks) {
            counts.add(check);
            all.add(check);
        }
        counts.write(suite);
        const pugi::xml_node properties = suite.append_child("properties");
        add_property(properties, "score", std::to_string(activity.score()));
        add_property(properties, "max_score", std::to_string(activity.max_score()));
        add_property(properties, "judged_max_score", std::to_string(activity.judged_max_score()));
        for (const std::string& note : activity.notes) {
            add_property(properties, "note", note);
        }
        for (const CheckResult& check : activity.checks) {
            add_check(suite, activity, check);
        }
    }
    all.write(suites);
    std::ostringstream out;
    document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
    return out.str();
}

}  // namespace vmlab::report

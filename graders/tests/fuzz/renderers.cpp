#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "report/sample_result.hpp"
#include "targets.hpp"
#include "vmlab/grading/verdict.hpp"
#include "vmlab/report/json.hpp"
#include "vmlab/report/junit.hpp"
#include "vmlab/report/printable.hpp"
#include "vmlab/report/text.hpp"

namespace vmlab::fuzz {

namespace {

bool harmless(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if ((byte < 0x20 && byte != '\n') || byte == 0x7F || c1) {
            return false;
        }
    }
    // nlohmann's writer refuses what is no UTF-8.
    return nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) ==
           nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
}

}  // namespace

void renderers(std::string_view input) {
    input = input.substr(0, 4096);  // no card is longer
    const std::string text(input);
    require(harmless(report::printable(input)), "printable text holds no command and is UTF-8");
    require(harmless(grading::excerpt(input)), "an excerpt holds no command and is UTF-8");
    for (const std::size_t width : {20U, 100U}) {
        (void)report::wrapped(report::reflowed(report::printable(input)), width);
    }

    grading::Result result = report::sample_result();
    for (grading::CheckResult& check : result.activities[0].checks) {
        if (check.outcome != grading::OutcomeKind::passed) {
            check.card.observed = text;
            check.card.evidence = text;
        }
    }
    require(harmless(report::render_text(result, {})), "the text holds no command and is UTF-8");

    // A check's name is ours; files take any.
    for (grading::CheckResult& check : result.activities[0].checks) {
        check.name = text;
    }
    const std::string json = report::render_json(result);
    require(nlohmann::json::accept(json), "the JSON is JSON");
    require(grading::result_from_json(json).has_value(), "the JSON is a result");
    pugi::xml_document document;
    const std::string junit = report::render_junit(result);
    require(document.load_buffer(junit.data(), junit.size()), "the JUnit is XML");
    require(document.select_nodes("//testcase").size() == result.activities[0].checks.size(),
            "nothing in a text becomes a test case");
    require(harmless(junit), "the JUnit holds no command and is UTF-8");

    (void)grading::result_from_json(input);
}

}  // namespace vmlab::fuzz

#include "vmlab/grading/result.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace vmlab::grading {

namespace {

using nlohmann::json;

constexpr std::string_view schema = "vmlab/result/v1";

constexpr std::array<std::pair<OutcomeKind, std::string_view>, 5> outcome_names{{
    {OutcomeKind::passed, "passed"},
    {OutcomeKind::failed, "failed"},
    {OutcomeKind::cannot_judge, "cannot-judge"},
    {OutcomeKind::tamper_suspected, "tamper-suspected"},
    {OutcomeKind::grader_error, "grader-error"},
}};

constexpr std::array<std::pair<Reason, std::string_view>, 7> reason_names{{
    {Reason::wrong_result, "wrong-result"},
    {Reason::build_error, "build-error"},
    {Reason::crashed, "crashed"},
    {Reason::timed_out, "timed-out"},
    {Reason::out_of_memory, "out-of-memory"},
    {Reason::output_limit, "output-limit"},
    {Reason::missing_file, "missing-file"},
}};

template <class Names, class Value>
std::string_view name_in(const Names& names, Value value) {
    for (const auto& [each, name] : names) {
        if (each == value) {
            return name;
        }
    }
    return "unknown";
}

template <class Value, class Names>
std::optional<Value> value_in(const Names& names, std::string_view name) {
    for (const auto& [value, each] : names) {
        if (each == name) {
            return value;
        }
    }
    return std::nullopt;
}

bool judged(const CheckResult& check) {
    return check.outcome == OutcomeKind::passed || check.outcome == OutcomeKind::failed;
}

json score_or_null(bool withheld, int score) {
    return withheld ? json(nullptr) : json(score);
}

json to_json(const Card& card) {
    return {{"expected", card.expected},
            {"observed", card.observed},
            {"evidence", card.evidence},
            {"why", card.why},
            {"next", card.next}};
}

json to_json(const CheckResult& check) {
    json object{{"name", check.name},   {"title", check.title},         {"outcome", name_of(check.outcome)},
                {"score", check.score}, {"max_score", check.max_score}, {"seconds", check.seconds}};
    if (check.reason) {
        object["reason"] = name_of(*check.reason);
    }
    if (check.outcome != OutcomeKind::passed) {
        object["card"] = to_json(check.card);
    }
    return object;
}

json to_json(const ActivityResult& activity) {
    json checks = json::array();
    for (const CheckResult& check : activity.checks) {
        checks.push_back(to_json(check));
    }
    return {{"number", activity.number},
            {"slug", activity.slug},
            {"title", activity.title},
            {"score", score_or_null(activity.score_withheld(), activity.score())},
            {"max_score", activity.max_score()},
            {"judged_max_score", activity.judged_max_score()},
            {"notes", activity.notes},
            {"checks", std::move(checks)}};
}

Card card_from(const json& object) {
    return {object.at("expected"), object.at("observed"), object.at("evidence"), object.at("why"),
            object.at("next")};
}

CheckResult check_from(const json& object) {
    CheckResult check;
    check.name = object.at("name");
    check.title = object.at("title");
    const auto outcome = outcome_kind(object.at("outcome").get<std::string>());
    if (!outcome) {
        throw std::invalid_argument("unknown outcome " + object.at("outcome").dump());
    }
    check.outcome = *outcome;
    if (object.contains("reason")) {
        check.reason = reason_of(object.at("reason").get<std::string>());
        if (!check.reason) {
            throw std::invalid_argument("unknown reason " + object.at("reason").dump());
        }
    }
    check.score = object.at("score");
    check.max_score = object.at("max_score");
    check.seconds = object.at("seconds");
    if (object.contains("card")) {
        check.card = card_from(object.at("card"));
    }
    return check;
}

ActivityResult activity_from(const json& object) {
    ActivityResult activity;
    activity.number = object.at("number");
    activity.slug = object.at("slug");
    activity.title = object.at("title");
    for (const json& check : object.at("checks")) {
        activity.checks.push_back(check_from(check));
    }
    activity.notes = object.value("notes", std::vector<std::string>());
    return activity;
}

}  // namespace

std::string_view name_of(OutcomeKind kind) {
    return name_in(outcome_names, kind);
}
std::string_view name_of(Reason reason) {
    return name_in(reason_names, reason);
}
std::optional<OutcomeKind> outcome_kind(std::string_view name) {
    return value_in<OutcomeKind>(outcome_names, name);
}
std::optional<Reason> reason_of(std::string_view name) {
    return value_in<Reason>(reason_names, name);
}

int ActivityResult::score() const {
    int sum = 0;
    for (const CheckResult& check : checks) {
        sum += check.score;
    }
    return sum;
}

int ActivityResult::max_score() const {
    int sum = 0;
    for (const CheckResult& check : checks) {
        sum += check.max_score;
    }
    return sum;
}

int ActivityResult::judged_max_score() const {
    int sum = 0;
    for (const CheckResult& check : checks) {
        sum += judged(check) ? check.max_score : 0;
    }
    return sum;
}

bool ActivityResult::score_withheld() const {
    for (const CheckResult& check : checks) {
        if (check.outcome == OutcomeKind::tamper_suspected) {
            return true;
        }
    }
    return false;
}

int Result::score() const {
    int sum = 0;
    for (const ActivityResult& activity : activities) {
        sum += activity.score();
    }
    return sum;
}

int Result::max_score() const {
    int sum = 0;
    for (const ActivityResult& activity : activities) {
        sum += activity.max_score();
    }
    return sum;
}

int Result::judged_max_score() const {
    int sum = 0;
    for (const ActivityResult& activity : activities) {
        sum += activity.judged_max_score();
    }
    return sum;
}

bool Result::score_withheld() const {
    for (const ActivityResult& activity : activities) {
        if (activity.score_withheld()) {
            return true;
        }
    }
    return false;
}

int Result::exit_status() const {
    bool any = false;
    bool failed = false;
    bool unjudged = false;
    for (const ActivityResult& activity : activities) {
        for (const CheckResult& check : activity.checks) {
            any = true;
            if (check.outcome == OutcomeKind::grader_error ||
                check.outcome == OutcomeKind::tamper_suspected) {
                return 4;
            }
            failed = failed || check.outcome == OutcomeKind::failed;
            unjudged = unjudged || check.outcome == OutcomeKind::cannot_judge;
        }
    }
    if (!any) {
        return 4;
    }
    if (failed) {
        return 1;
    }
    return unjudged ? 3 : 0;
}

json to_json(const Result& result) {
    json activities = json::array();
    for (const ActivityResult& activity : result.activities) {
        activities.push_back(to_json(activity));
    }
    return {{"schema", schema},
            {"vmlab_version", result.vmlab_version},
            {"score", score_or_null(result.score_withheld(), result.score())},
            {"max_score", result.max_score()},
            {"judged_max_score", result.judged_max_score()},
            {"environment",
             {{"arena", result.environment.arena},
              {"isolation", result.environment.isolation},
              {"isolation_lacks", result.environment.isolation_lacks},
              {"kernel", result.environment.kernel},
              {"valgrind", result.environment.valgrind},
              {"compiler", result.environment.compiler}}},
            {"activities", std::move(activities)}};
}

std::string to_json_text(const Result& result) {
    return to_json(result).dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

process::Result<Result> result_from_json(std::string_view text) {
    try {
        const json object = json::parse(text);
        if (object.at("schema") != schema) {
            return process::failed("the result is not of schema " + std::string(schema));
        }
        Result result;
        result.vmlab_version = object.at("vmlab_version");
        const json& environment = object.at("environment");
        result.environment = {
            environment.at("arena"),    environment.at("isolation"),
            environment.at("kernel"),   environment.at("valgrind"),
            environment.at("compiler"), environment.value("isolation_lacks", std::string())};
        for (const json& activity : object.at("activities")) {
            result.activities.push_back(activity_from(activity));
        }
        return result;
    } catch (const std::exception& error) {
        return process::failed(std::string("the result cannot be read: ") + error.what());
    }
}

}  // namespace vmlab::grading

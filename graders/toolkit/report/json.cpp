#include "vmlab/report/json.hpp"

#include <nlohmann/json.hpp>

namespace vmlab::report {

std::string render_json(const grading::Result& result) {
    return grading::to_json(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace vmlab::report

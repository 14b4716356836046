#include "grading/lab/current_lab.hpp"

#include <stdexcept>
#include <utility>

namespace vmlab::grading {

namespace {
Lab* current_lab = nullptr;
}

CurrentLab::CurrentLab(Lab& current) : previous_(std::exchange(current_lab, &current)) {}

CurrentLab::~CurrentLab() {
    current_lab = previous_;
}

Lab& lab() {
    if (current_lab == nullptr) {
        throw std::logic_error("lab() is there only while a grader runs (run_grader)");
    }
    return *current_lab;
}

}  // namespace vmlab::grading

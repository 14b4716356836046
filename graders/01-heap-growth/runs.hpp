#pragma once

// How activity 1's program is run for evidence. Each run is made once and shared by the checks that need it.

#include <array>
#include <optional>
#include <string>

#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"

namespace heap_growth {

using vmlab::grading::Lab;
using vmlab::grading::NativeOptions;
using vmlab::grading::Preload;
using vmlab::grading::Shared;

inline const vmlab::grading::Experiment experiment{.program = "heap_growth"};

inline std::string built_and(const std::string& command) {
    return vmlab::grading::build_and("heap_growth", command);
}
inline std::string watch_malloc() {
    return built_and(experiment.under("valgrind -q --trace-malloc=yes"));
}

/// One allocator that can work both ways.
inline NativeOptions with_heap(bool upwards) {
    NativeOptions options;
    options.preload = Preload::heap_grows_down;
    options.heap_grows_up = upwards;
    return options;
}

/// malloc returns NULL after so many calls: to so many, or to all that follow.
inline NativeOptions without_memory(int calls_that_work, std::optional<int> calls_that_fail = {}) {
    NativeOptions options;
    options.preload = Preload::malloc_fails;
    options.malloc_calls_that_work = calls_that_work;
    options.malloc_calls_that_fail = calls_that_fail;
    return options;
}

using vmlab::evidence::MemcheckRun;
using vmlab::process::Run;

inline Shared<MemcheckRun> traced{[](Lab& lab) { return experiment.memcheck(lab); }};
inline Shared<vmlab::evidence::SyscallRun> recorded{[](Lab& lab) { return experiment.syscalls(lab); }};
inline Shared<Run> untraced{[](Lab& lab) { return experiment.native(lab); }};
inline Shared<vmlab::grading::CountedRun> counted{[](Lab& lab) { return experiment.counted(lab); }};

inline Shared<Run> downwards{[](Lab& lab) { return experiment.native(lab, with_heap(false)); }};
inline Shared<Run> upwards{[](Lab& lab) { return experiment.native(lab, with_heap(true)); }};
inline Shared<MemcheckRun> downwards_watched{
    [](Lab& lab) { return experiment.native_under_memcheck(lab, with_heap(false)); }};
inline Shared<MemcheckRun> upwards_watched{
    [](Lab& lab) { return experiment.native_under_memcheck(lab, with_heap(true)); }};

inline Shared<Run> first_call_fails{[](Lab& lab) { return experiment.native(lab, without_memory(0)); }};
inline Shared<Run> third_call_fails{[](Lab& lab) { return experiment.native(lab, without_memory(2)); }};
inline Shared<Run> only_the_third_fails{
    [](Lab& lab) { return experiment.native(lab, without_memory(2, 1)); }};
inline Shared<MemcheckRun> first_call_fails_watched{
    [](Lab& lab) { return experiment.native_under_memcheck(lab, without_memory(0)); }};
inline Shared<MemcheckRun> third_call_fails_watched{
    [](Lab& lab) { return experiment.native_under_memcheck(lab, without_memory(2)); }};
inline Shared<MemcheckRun> only_the_third_fails_watched{
    [](Lab& lab) { return experiment.native_under_memcheck(lab, without_memory(2, 1)); }};

/// One way to run out of memory: natively, and with Memcheck watching.
struct Starved {
    std::string which_calls;  ///< completes "malloc returns NULL"
    Shared<Run>* run;
    Shared<MemcheckRun>* watched;
};

inline const std::array<Starved, 3> starvations{{
    {"from its first call on", &first_call_fails, &first_call_fails_watched},
    {"from its third call on", &third_call_fails, &third_call_fails_watched},
    {"at its third call, and only there", &only_the_third_fails, &only_the_third_fails_watched},
}};

}  // namespace heap_growth

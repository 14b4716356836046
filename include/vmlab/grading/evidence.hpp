#pragma once

#include <functional>
#include <future>
#include <mutex>
#include <utility>

#include "vmlab/grading/lab.hpp"

namespace vmlab::grading {

/// Evidence that several checks share: gathered once, in the background, from the moment the grader starts.
/// Declare one at namespace scope in checks.cpp:
///
///     Shared<evidence::MemcheckRun> traced{[](Lab& lab) { return lab.memcheck(lab.program("heap_growth"));
///     }};
///
/// and read it in any TEST with traced.get(). When gathering ends with a Verdict, each get() throws that
/// Verdict.
class SharedBase {
  public:
    SharedBase();
    virtual ~SharedBase() = default;
    SharedBase(const SharedBase&) = delete;
    SharedBase& operator=(const SharedBase&) = delete;
    virtual void start() = 0;
    /// Waits until gathering is over, if it was started.
    virtual void wait() = 0;
    /// Starts everything declared in this program. Called by run_grader.
    static void start_all();
    /// Waits for everything that was started: the lab must outlive it. Called by run_grader.
    static void wait_all();
};

template <class T>
class Shared : public SharedBase {
  public:
    explicit Shared(std::function<T(Lab&)> gather) : gather_(std::move(gather)) {}

    void start() override {
        std::call_once(started_, [this] {
            value_ = std::async(std::launch::async, [this] { return gather_(lab()); }).share();
        });
    }
    void wait() override {
        if (value_.valid()) {
            value_.wait();
        }
    }
    /// Waits until it is gathered. The reference stays valid.
    [[nodiscard]] const T& get() {
        start();
        return value_.get();
    }

  private:
    std::function<T(Lab&)> gather_;
    std::once_flag started_;
    std::shared_future<T> value_;
};

}  // namespace vmlab::grading

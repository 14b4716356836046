#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "vmlab/grading/lab.hpp"

namespace vmlab::grading {

/// The part of a Shared that does not depend on what is gathered: threads cost a second to compile, and stay
/// behind one source file. Every function may be called from any thread.
class SharedBase {
  public:
    SharedBase();
    virtual ~SharedBase();
    SharedBase(const SharedBase&) = delete;
    SharedBase& operator=(const SharedBase&) = delete;
    /// Gathers on a thread of its own. Does nothing when it was started before.
    void start();
    /// Waits until gathering is over, if it was started.
    void wait();
    /// Starts everything declared in this program. Called by run_grader.
    static void start_all();
    /// Waits for everything that was started: the lab must outlive it. Called by run_grader.
    static void wait_all();

  protected:
    /// Starts it if need be, waits until gathering is over, and throws what gathering threw.
    void finish();

  private:
    struct State;

    /// Called once, on a thread of its own.
    virtual void gather() = 0;

    std::unique_ptr<State> state_;
};

/// Evidence that several checks share: gathered once, in the background, from the moment the grader starts.
/// Declare one at namespace scope in checks.cpp:
///
///     Shared<evidence::MemcheckRun> traced{[](Lab& lab) { return lab.memcheck(lab.program("heap_growth"));
///     }};
///
/// and read it in any TEST with traced.get(). When gathering ends with a Verdict, each get() throws that
/// Verdict.
template <class T>
class Shared : public SharedBase {
  public:
    explicit Shared(std::function<T(Lab&)> how) : how_(std::move(how)) {}
    ~Shared() override { wait(); }

    /// Waits until it is gathered. The reference stays valid.
    [[nodiscard]] const T& get() {
        finish();
        return *value_;
    }

  private:
    void gather() override { value_.emplace(how_(lab())); }

    std::function<T(Lab&)> how_;
    std::optional<T> value_;
};

}  // namespace vmlab::grading

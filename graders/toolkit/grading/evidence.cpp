#include "vmlab/grading/evidence.hpp"

#include <future>
#include <mutex>
#include <vector>

namespace vmlab::grading {

namespace {

/// Everything declared in this program. A function's static: it must be there before the first declaration.
std::vector<SharedBase*>& declared() {
    static std::vector<SharedBase*> all;
    return all;
}

}  // namespace

struct SharedBase::State {
    std::once_flag started;
    std::shared_future<void> gathered;
};

SharedBase::SharedBase() : state_(std::make_unique<State>()) {
    declared().push_back(this);
}

SharedBase::~SharedBase() = default;

void SharedBase::start() {
    std::call_once(state_->started, [this] {
        state_->gathered = std::async(std::launch::async, [this] { gather(); }).share();
    });
}

void SharedBase::wait() {
    if (state_->gathered.valid()) {
        state_->gathered.wait();
    }
}

void SharedBase::finish() {
    start();
    state_->gathered.get();
}

void SharedBase::start_all() {
    for (SharedBase* each : declared()) {
        each->start();
    }
}

void SharedBase::wait_all() {
    for (SharedBase* each : declared()) {
        each->wait();
    }
}

}  // namespace vmlab::grading

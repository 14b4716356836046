#pragma once

#include <exception>
#include <functional>
#include <mutex>
#include <optional>

namespace vmlab::grading {

/// A value that several threads want and one of them makes. When making it throws, everybody gets that
/// exception: it is not tried again.
template <class T>
class Once {
  public:
    const T& get(const std::function<T()>& make) {
        std::call_once(made_, [&] {
            try {
                value_.emplace(make());
            } catch (...) {
                exception_ = std::current_exception();
            }
        });
        if (exception_) {
            std::rethrow_exception(exception_);
        }
        return *value_;
    }

  private:
    std::once_flag made_;
    std::optional<T> value_;
    std::exception_ptr exception_;
};

}  // namespace vmlab::grading

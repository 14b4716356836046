#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "arena/vm/wire/wire.hpp"
#include "vmlab/arena/arena.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::arena {

/// Makes an Outcome of what a guest tells, and calls the request's callbacks as it comes. Nothing of it is
/// believed but what an honest guest could have said in this order; the first thing that it could not have
/// said is an Error, and nothing is taken after it.
class VmReport {
  public:
    /// `request` outlives it.
    VmReport(const Request& request, std::uint64_t most_bytes);

    /// A piece of the stream from the result port. May call callbacks.
    void take(std::string_view piece);

    /// Whether anything has come.
    [[nodiscard]] bool has_begun() const { return begun_; }
    /// Whether a program has been started: from here on a failure may be its doing.
    [[nodiscard]] bool has_started() const { return started_; }
    /// Whether nothing is missing, or nothing more can be taken.
    [[nodiscard]] bool is_over() const { return complete_ || error_.has_value(); }

    /// After the last piece. An Error: the guest said what it could not have said, or had trouble.
    /// Contestants that the guest told no end of are given `ending`.
    [[nodiscard]] process::Result<Outcome> finish(process::Ending ending);
    [[nodiscard]] bool is_complete() const { return complete_; }
    [[nodiscard]] bool is_error() const { return error_.has_value(); }

  private:
    struct Progress {
        bool started = false;
        bool ended = false;
        std::uint64_t output_bytes = 0;
    };

    void take_event(wire::Event event);
    void on(const wire::Started& event);
    void on(wire::Output& event);
    void on(const wire::Sample& event);
    void on(const wire::Looked& event);
    void on(wire::Log& event);
    void on(const wire::Ended& event);
    void on(wire::Facts& event);
    void on(const wire::Trouble& event);
    /// Whether there is such a program and it is running; else that is an error.
    bool expect_running(std::uint32_t program, std::string_view what);
    void refuse(std::string_view what);

    const Request& request_;
    wire::Decoder decoder_;
    Outcome outcome_;
    std::vector<Progress> progress_;
    std::optional<process::Error> error_;
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    int ended_ = 0;
    bool begun_ = false;
    bool started_ = false;
    bool complete_ = false;
};

}  // namespace vmlab::arena

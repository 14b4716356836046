#include "vmlab/grading/answers.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <functional>

#include "targets.hpp"
#include "vmlab/grading/verdict.hpp"
#include "vmlab/process/descriptor.hpp"

namespace vmlab::fuzz {

namespace {

/// A verdict of a check is what a bad answer is meant to end in.
void judge(const std::function<void()>& check) {
    try {
        check();
    } catch (const grading::Verdict& verdict) {
        require(verdict.kind() == grading::OutcomeKind::failed,
                "a bad answer fails, and is no grader's error");
        require(!verdict.card().expected.empty() && !verdict.card().observed.empty(), "a card says why");
    }
}

}  // namespace

void answers(std::string_view input) {
    const process::Descriptor file(memfd_create("answers.toml", MFD_CLOEXEC));
    require(file && write(file.get(), input.data(), input.size()) == static_cast<ssize_t>(input.size()),
            "the test has its file");
    const std::filesystem::path path = "/proc/self/fd/" + std::to_string(file.get());
    judge([&path] {
        const auto read = grading::Answers::read(path);
        for (const std::string_view table : {"", "starter", "killed", "prediction", "a"}) {
            for (const std::string_view key : {"definitely_lost_bytes", "direction", "pid", "lines", "a"}) {
                judge([&] { (void)read.integer(table, key); });
                judge([&] { (void)read.boolean(table, key); });
                judge([&] { (void)read.text(table, key); });
                judge([&] { (void)read.integers(table, key); });
                judge([&] { (void)read.choice(table, key, {"killed", "survives"}); });
            }
        }
    });
}

}  // namespace vmlab::fuzz

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::grading {

class AnswerSheet;

/// A student's answers.toml. Reading an answer that is missing, empty or of the wrong type ends the check as
/// failed, with a card that names the key, the line where known, and the form that is wanted. A line that is
/// no TOML costs its own answer and no other; a comment costs nothing, whatever its bytes. Copies share what
/// was read and may be used from several threads.
class Answers {
  public:
    /// fails the check (missing-file) when there is no such file.
    [[nodiscard]] static Answers read(const std::filesystem::path& file);

    [[nodiscard]] std::int64_t integer(std::string_view table, std::string_view key) const;
    [[nodiscard]] bool boolean(std::string_view table, std::string_view key) const;
    [[nodiscard]] std::string text(std::string_view table, std::string_view key) const;
    [[nodiscard]] std::vector<std::int64_t> integers(std::string_view table, std::string_view key) const;
    /// A text that must be one of the choices ("killed", "survives", "null").
    [[nodiscard]] std::string choice(std::string_view table, std::string_view key,
                                     const std::vector<std::string>& choices) const;

  private:
    explicit Answers(std::shared_ptr<const AnswerSheet> sheet);
    std::shared_ptr<const AnswerSheet> sheet_;  ///< TOML's types stay out of this header
};

/// Fails the check unless all answers agree with the grader's own runs. The card never tells which is wrong.
/// `tables`: "[read] and [fork]"; `next`: a command that shows the truth.
void expect_all_right(int right, int all, std::string_view tables, std::string next);

/// "all", "half" or "almost none": how much of a whole a part is, in the words that questions offer.
[[nodiscard]] std::string share_of(std::uint64_t part, std::uint64_t whole);

}  // namespace vmlab::grading

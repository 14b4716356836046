#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vmlab/process/error.hpp"

namespace vmlab::grading {

/// A student's answers.toml. Reading an answer that is missing, empty or of the wrong type ends the check as
/// failed, with a card that names the key, the line where known, and the form that is wanted.
class Answers {
  public:
    /// fails the check (missing-file, or wrong-result for a file that is not TOML, with line and column).
    [[nodiscard]] static Answers read(const std::filesystem::path& file);

    [[nodiscard]] std::int64_t integer(std::string_view table, std::string_view key) const;
    [[nodiscard]] bool boolean(std::string_view table, std::string_view key) const;
    [[nodiscard]] std::string text(std::string_view table, std::string_view key) const;
    [[nodiscard]] std::vector<std::int64_t> integers(std::string_view table, std::string_view key) const;
    /// A text that must be one of the choices ("killed", "survives", "null").
    [[nodiscard]] std::string choice(std::string_view table, std::string_view key,
                                     const std::vector<std::string>& choices) const;

  private:
    explicit Answers(std::string content);
    std::string content_;  ///< parsed on each read: TOML's types stay out of this header
};

}  // namespace vmlab::grading

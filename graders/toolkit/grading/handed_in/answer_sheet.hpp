#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace vmlab::grading {

/// What can be read of an answers.toml. A file that is TOML is read as such. Of any other each line is read
/// by itself, so that one wrong line costs its own answer; comments cost nothing, whatever bytes they hold.
/// Any text encoding that an editor offers and any line ends will do.
class AnswerSheet {
  public:
    explicit AnswerSheet(std::string_view bytes);

    /// A line that cannot be read.
    struct Fault {
        std::size_t line = 0;
        std::string text = {};  ///< the line itself, without its comment
        std::string what = {};  ///< what is wrong with it and what to do, a part of a sentence
    };
    struct Answer {
        const toml::node* value = nullptr;  ///< none: it is not there, or see `fault`
        std::size_t line = 0;
        const Fault* fault = nullptr;  ///< why it cannot be read
    };
    /// `table` is empty for the lines above the first [table].
    [[nodiscard]] Answer find(std::string_view table, std::string_view key) const;
    /// The first line that cannot be read; null when all can.
    [[nodiscard]] const Fault* first_fault() const { return faults_.empty() ? nullptr : &faults_.front(); }

  private:
    struct Entry {
        toml::table statement;  ///< holds the key alone
        std::size_t line = 0;
        std::optional<Fault> fault = {};
    };
    struct Lines;
    void read_lines(const std::string& text);
    void read_header(std::string_view line, std::size_t number);
    void read_statement(Lines& lines);
    void add(const std::string& key, toml::table statement, std::size_t line);
    void blame(const std::string& key, Fault fault);

    std::optional<toml::table> whole_;  ///< of a file that is TOML
    std::string table_;                 ///< that the next line belongs to
    std::map<std::string, Fault, std::less<>> broken_tables_;
    std::map<std::string, std::map<std::string, Entry, std::less<>>, std::less<>> entries_;
    std::vector<Fault> faults_;
    int joins_ = 0;  ///< how often lines were put together to see whether they are one answer
};

}  // namespace vmlab::grading

#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "grading/handed_in/survey.hpp"
#include "vmlab/grading/submission.hpp"

namespace vmlab::grading {

/// Looks in a submission for the files that are not where they should be.
class Search {
  public:
    /// `folder` is a descriptor of the submission; `name` is how the folder is called. They and the other
    /// arguments must outlive the search.
    Search(int folder, std::string name, const Activity& activity, const Surroundings& surroundings)
        : folder_(folder), name_(std::move(name)), activity_(activity), surroundings_(surroundings) {}

    struct Taken {
        std::string path;  ///< below the submission
        std::string content;
        std::string passed_over;  ///< an unchanged starter that stood back; empty: none
    };
    /// The one file that can be meant by a declared name, or what lies there instead.
    [[nodiscard]] tl::expected<Taken, Refusal> find(const std::string& file);

    /// Whether the content is the starter's, but for line ends and blanks at its end.
    [[nodiscard]] bool is_starter(const std::string& file, const std::string& content) const;

    /// A file of the submission's own folder that bears a declared name may be another activity's all the
    /// same: the answers.toml beside that one's program.
    [[nodiscard]] bool is_of_another(const std::string& file, const std::string& path);

  private:
    struct Candidate;
    [[nodiscard]] const Survey& seen();
    [[nodiscard]] bool is_asked_for_by_others(const std::string& file) const;
    /// What lies in the same folder: files that only this activity asks for, or that only others do.
    struct Company {
        bool ours = false;
        bool theirs = false;
    };
    [[nodiscard]] const Company& company_of(const std::string& path);
    [[nodiscard]] int place(const std::string& file, const std::string& path);
    [[nodiscard]] Refusal missing(const std::string& file);

    int folder_;
    std::string name_;
    const Activity& activity_;
    const Surroundings& surroundings_;
    std::optional<Survey> survey_;
    std::optional<std::map<std::string, Company>> company_;  ///< by folder
};

/// A path of a submission for a text of one line: its first line, control characters made visible.
[[nodiscard]] std::string shown_path(const std::string& path);

}  // namespace vmlab::grading

#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "vmlab/grading/build.hpp"

namespace vmlab::grading {

/// Executables of sources that are no student's (starters, references, probes), kept from one grading to the
/// next in a folder that no program sees. One counts as long as everything that went into it is the same: the
/// source's text, the options, and the compiler and libraries as stat(2) tells them. Nothing that goes wrong
/// here is an error: then it is built anew. May be used by several threads and graders at once.
class TrustedBuilds {
  public:
    /// `folder` need not exist and need not be writable.
    explicit TrustedBuilds(std::filesystem::path folder) : folder_(std::move(folder)) {}

    /// The kept executable as INTO/NAME, INTO being a folder of the caller's.
    [[nodiscard]] std::optional<std::filesystem::path> find(const std::string& text, const std::string& name,
                                                            const BuildOptions& options,
                                                            const std::filesystem::path& into) const;
    void keep(const std::string& text, const std::string& name, const BuildOptions& options,
              const std::filesystem::path& executable) const;

  private:
    std::filesystem::path folder_;
};

}  // namespace vmlab::grading

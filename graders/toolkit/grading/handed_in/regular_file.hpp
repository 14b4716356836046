#pragma once

#include <string>

#include <tl/expected.hpp>

namespace vmlab::grading {

/// The content of a file in an open folder, or why it is refused: "missing", "is a symbolic link: hand in the
/// file itself", "is larger than ... bytes". Never follows a link, never waits (opening a FIFO would), and
/// looks at what was opened, not at what the name stands for by then. Reads at most max_submitted_file_bytes,
/// once.
[[nodiscard]] tl::expected<std::string, std::string> read_regular_file(int folder, const std::string& name);

}  // namespace vmlab::grading

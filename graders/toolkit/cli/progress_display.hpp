#pragma once

#include <map>
#include <string>
#include <vector>

#include "vmlab/grading/activity.hpp"
#include "vmlab/report/text.hpp"

namespace vmlab::cli {

/// Shows on stderr how far grading has come. On a terminal: one line that is rewritten and cleared at the
/// end; in a log: one line for each activity as it finishes.
class ProgressDisplay {
  public:
    explicit ProgressDisplay(const std::vector<grading::Activity>& activities);
    ~ProgressDisplay();
    ProgressDisplay(const ProgressDisplay&) = delete;
    ProgressDisplay& operator=(const ProgressDisplay&) = delete;

    void check_finished(const grading::Activity& activity);

  private:
    void draw();

    struct Count {
        std::size_t done = 0;
        std::size_t of = 0;
    };
    std::map<int, Count> counts_;
    bool terminal_;
};

}  // namespace vmlab::cli

#include "vmlab/evidence/kernel_log.hpp"

#include "targets.hpp"
#include "vmlab/evidence/oom_report.hpp"

namespace vmlab::fuzz {

void kernel_log(std::string_view input) {
    for (const evidence::OomKill& kill : evidence::parse_oom_kills(input)) {
        require(kill.pid > 0, "the kernel kills processes that have a pid");
        require(!kill.row.empty() && input.find(kill.row) != std::string_view::npos,
                "a row is the log's own text");
    }
}

void oom_report(std::string_view input) {
    for (const evidence::OomReport& report : evidence::parse_oom_reports(input)) {
        for (const evidence::OomCandidate& candidate : report.candidates) {
            require(candidate.oom_score_adj >= -1000 && candidate.oom_score_adj <= 1000,
                    "oom_score_adj is from -1000 to 1000");
            const auto badness = evidence::badness_pages(report, candidate);
            require(!badness || candidate.oom_score_adj != -1000, "an exempted process is never chosen");
            (void)evidence::adjustment_pages(report, candidate);
        }
    }
}

}  // namespace vmlab::fuzz

#include "arena/contest.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "vmlab/evidence/procfs.hpp"

namespace vmlab::arena {
namespace {

// What the others may know of a contestant while it runs.
struct Progress {
    bool started = false;
    bool ended = false;
    int lines = 0;
    std::stop_source stop;
};

class Contest {
  public:
    Contest(const Runner& runner, const Request& request, const std::vector<std::filesystem::path>& entrances)
        : runner_(runner),
          request_(request),
          entrances_(entrances),
          progress_(request.contestants.size()),
          results_(request.contestants.size()) {}

    process::Result<std::vector<ContestantResult>> run() {
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < request_.contestants.size(); ++i) {
                threads.emplace_back([this, i] { run_contestant(i); });
            }
        }
        if (error_) {
            return tl::unexpected(*error_);
        }
        order_deaths();
        return std::move(results_);
    }

  private:
    // By the time of the programs' own ends: how long a sandbox then takes to be gone tells nothing.
    void order_deaths() {
        std::vector<ContestantResult*> ended;
        for (ContestantResult& result : results_) {
            if (result.died_as >= 0) {
                ended.push_back(&result);
            }
        }
        std::sort(ended.begin(), ended.end(), [](const ContestantResult* a, const ContestantResult* b) {
            return std::pair(a->run.ended, a->died_as) < std::pair(b->run.ended, b->died_as);
        });
        for (std::size_t i = 0; i < ended.size(); ++i) {
            ended[i]->died_as = static_cast<int>(i);
        }
    }

    void run_contestant(std::size_t i) {
        if (may_start(i)) {
            process::Result<process::Run> run = run_job(i);
            record_end(i, std::move(run));
            return;
        }
        const std::lock_guard lock(mutex_);
        results_[i].run.ending = process::Ending::stopped;
        progress_[i].ended = true;
        changed_.notify_all();
    }

    // Waits for the contestant's turn. False when the contest is over before it comes.
    bool may_start(std::size_t i) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] {
            if (i == 0 || over_) {
                return true;
            }
            const Progress& before = progress_[i - 1];
            return before.ended ||
                   (before.started && before.lines >= request_.contestants[i].start_after_lines);
        });
        return !over_;
    }

    process::Result<process::Run> run_job(std::size_t i) {
        process::Job job = request_.contestants[i].job;
        job.cgroups.push_back(entrances_[i]);
        job.starved_together = starved_together_;

        std::optional<evidence::Sampler> sampler;
        job.on_started = [&, theirs = job.on_started](pid_t pid) {
            if (request_.sample_interval.count() > 0) {
                sampler.emplace(pid, request_.sample_interval,
                                [this, i](const evidence::ProcessSample& sample) {
                                    if (request_.on_sample) {
                                        request_.on_sample(i, sample);
                                    }
                                });
            }
            note(i, [](Progress& progress) { progress.started = true; });
            if (theirs) {
                theirs(pid);
            }
        };
        job.on_output = [&, theirs = job.on_output](std::string_view piece) {
            const auto lines = static_cast<int>(std::count(piece.begin(), piece.end(), '\n'));
            note(i, [lines](Progress& progress) { progress.lines += lines; });
            if (theirs) {
                theirs(piece);
            }
        };
        const std::stop_callback forward(job.stop, [this, i] { progress_[i].stop.request_stop(); });
        job.stop = progress_[i].stop.get_token();

        process::Result<process::Run> run = runner_(job);
        if (sampler) {
            results_[i].samples = sampler->finish();
        }
        return run;
    }

    template <class Change>
    void note(std::size_t i, Change change) {
        const std::lock_guard lock(mutex_);
        change(progress_[i]);
        changed_.notify_all();
    }

    void record_end(std::size_t i, process::Result<process::Run> run) {
        std::vector<std::stop_source> to_stop;
        {
            const std::lock_guard lock(mutex_);
            progress_[i].ended = true;
            results_[i].died_as = ended_++;
            if (run) {
                results_[i].run = std::move(*run);
            } else if (!error_) {
                error_ = run.error();
            }
            // After an infrastructure failure nothing that still runs can matter.
            if (request_.over_when_ended == i || error_) {
                over_ = true;
                for (const Progress& progress : progress_) {
                    to_stop.push_back(progress.stop);
                }
            }
            changed_.notify_all();
        }
        // Outside the lock: a stop callback may run here and now.
        for (std::stop_source& stop : to_stop) {
            stop.request_stop();
        }
    }

    const Runner& runner_;
    const Request& request_;
    const std::vector<std::filesystem::path>& entrances_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Progress> progress_;
    std::vector<ContestantResult> results_;
    std::optional<process::Error> error_;
    std::shared_ptr<std::atomic<std::int64_t>> starved_together_ =
        std::make_shared<std::atomic<std::int64_t>>(0);
    int ended_ = 0;
    bool over_ = false;
};

}  // namespace

process::Result<std::vector<ContestantResult>> run_contest(
    const Runner& runner, const Request& request, const std::vector<std::filesystem::path>& entrances) {
    return Contest(runner, request, entrances).run();
}

}  // namespace vmlab::arena

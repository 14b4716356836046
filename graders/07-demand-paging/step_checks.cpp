// Grader of activity 7: the nine steps, each by the kernel's own figures and by what was printed.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace faults;

std::uint64_t anonymous(const Session& session, Step step) {
    return session.at(step).outside.anonymous_bytes;
}

/// That the region's first bytes hold a step's number, in the first `count` pages.
void expect_bytes(const Session& session, Step step, const std::optional<std::vector<char>>& bytes,
                  std::uint64_t count, int value, const std::string& whose) {
    if (!bytes) {
        return;  // nobody lets us look
    }
    const auto end = bytes->begin() + static_cast<std::ptrdiff_t>(count);
    const auto other = std::find_if(bytes->begin(), end, [&](char byte) { return byte != value; });
    if (other != end) {
        fail_for(session, step,
                 fmt::format("{}: the first byte of each of {} pages of {} holds {}", name_of(step), count,
                             whose, value),
                 fmt::format("that of page {} holds {}", other - bytes->begin(), static_cast<int>(*other)));
    }
}

TEST(Steps, MapsWithoutTouching) {
    const Session& session = usual.get();
    expect_lines(session);
    const Look& look = session.at(Step::map);
    if (*look.line.address % page != 0) {
        fail_for(session, Step::map,
                 "map: a region that begins at a page (the address is a multiple of 4096)", {});
    }
    if (anonymous(session, Step::map) > 16 * mebibyte) {
        fail_for(session, Step::map, "map: hardly any memory of its own is resident yet", {});
    }
    expect_faults(session, Step::map, 0);
    expect_present(session, Step::map, 0);
}

TEST(Steps, CountsTheFaultsOfTheRead) {
    const Session& session = usual.get();
    expect_lines(session);
    expect_faults(session, Step::read, session.pages);
    expect_present(session, Step::read, session.pages);
}

TEST(Steps, ReadsMapTheZeroPage) {
    const Session& session = usual.get();
    expect_lines(session);
    expect_faults(session, Step::read, session.pages);
    const Look& look = session.at(Step::read);
    const std::uint64_t grown = anonymous(session, Step::read) -
                                std::min(anonymous(session, Step::read), anonymous(session, Step::map));
    const bool is_zero_page =
        !look.pages || (look.pages->exclusive == 0 && look.pages->distinct_frames.value_or(1) == 1);
    if (grown > mebibyte || !is_zero_page) {
        fail_for(session, Step::read,
                 "read: all pages are one page of zeros, and none of them is the program's own",
                 fmt::format("RssAnon grew by {} kB", grown / 1024));
    }
}

TEST(Steps, WritesTakeAPageEach) {
    const Session& session = usual.get();
    expect_lines(session);
    expect_faults(session, Step::write, session.pages);
    expect_present(session, Step::write, session.pages);
    const std::uint64_t due = anonymous(session, Step::read) + session.pages * page;
    if (anonymous(session, Step::write) + mebibyte < due ||
        anonymous(session, Step::write) > due + mebibyte) {
        fail_for(session, Step::write,
                 fmt::format("write: {} kB more of its own are resident", session.pages * 4),
                 fmt::format("RssAnon went from {} to {} kB", anonymous(session, Step::read) / 1024,
                             anonymous(session, Step::write) / 1024));
    }
    expect_bytes(session, Step::write, session.at(Step::write).bytes, session.pages, 3, "the region");
}

TEST(Steps, RewritesCostNothing) {
    const Session& session = usual.get();
    expect_lines(session);
    expect_faults(session, Step::rewrite, 0);
    expect_present(session, Step::rewrite, session.pages);
    expect_bytes(session, Step::rewrite, session.at(Step::rewrite).bytes, session.pages, 4, "the region");
}

TEST(Steps, ChildSharesUntilItWrites) {
    const Session& session = usual.get();
    expect_lines(session);
    const Look& reads = session.at(Step::child_read);
    const Look& writes = session.at(Step::child_write);
    if (reads.pid == session.looks.front().pid || writes.pid != reads.pid) {
        fail_for(session, Step::child_read,
                 "child-read and child-write: a child does these two steps and prints their lines",
                 "they were printed by the process that printed `map`, or by two processes");
    }
    if (reads.pages && reads.pages->exclusive != 0) {
        fail_for(session, Step::child_read, "child-read: the child has all pages in common with its parent",
                 fmt::format("{} pages are the child's own", reads.pages->exclusive));
    }
    if (writes.pages && writes.pages->exclusive != session.pages / 2) {
        fail_for(session, Step::child_write,
                 fmt::format("child-write: {} pages are the child's own", session.pages / 2),
                 fmt::format("{} are", writes.pages->exclusive));
    }
    expect_present(session, Step::child_read, session.pages);
    expect_present(session, Step::child_write, session.pages);
    expect_bytes(session, Step::child_write, writes.bytes, session.pages / 2, 6, "the child");
    expect_bytes(session, Step::child_write, writes.parents_bytes, session.pages, 4, "the parent");
}

TEST(Steps, CountsTheChildsFaults) {
    const Session& session = usual.get();
    expect_lines(session);
    expect_faults(session, Step::child_read, 0);
    expect_faults(session, Step::child_write, session.pages / 2);
}

TEST(Steps, ParentPaysToo) {
    const Session& session = usual.get();
    expect_lines(session);
    const Look& look = session.at(Step::parent_write);
    if (look.pid != session.looks.front().pid) {
        fail_for(session, Step::parent_write, "parent-write: the process that printed `map` does this step",
                 {});
    }
    // The faults of a child are added to the parent's account when it has been waited for.
    if (look.outside.children_minor_faults + look.outside.children_major_faults < session.pages / 2) {
        fail_for(session, Step::parent_write,
                 "parent-write: the child has ended, and the parent has waited for it",
                 fmt::format("so far {} faults of children that it waited for",
                             look.outside.children_minor_faults));
    }
    expect_faults(session, Step::parent_write, session.pages);
    expect_present(session, Step::parent_write, session.pages);
    expect_bytes(session, Step::parent_write, look.bytes, session.pages, 7, "the region");
}

TEST(Steps, DiscardGivesThePagesBack) {
    const Session& session = usual.get();
    expect_lines(session);
    expect_faults(session, Step::discard, 0);
    expect_present(session, Step::discard, 0);
    if (anonymous(session, Step::discard) + session.pages * page >
        anonymous(session, Step::parent_write) + mebibyte) {
        fail_for(session, Step::discard, fmt::format("discard: {} kB less are resident", session.pages * 4),
                 fmt::format("RssAnon went from {} to {} kB", anonymous(session, Step::parent_write) / 1024,
                             anonymous(session, Step::discard) / 1024));
    }
    if (session.at(Step::discard).outside.virtual_bytes + mebibyte <
        session.at(Step::parent_write).outside.virtual_bytes) {
        fail_for(session, Step::discard, "discard: the addresses stay", "VmSize fell");
    }
    expect_faults(session, Step::write_again, session.pages);
    expect_present(session, Step::write_again, session.pages);
    expect_bytes(session, Step::write_again, session.at(Step::write_again).bytes, session.pages, 9,
                 "the region");
}

/// With pages that the grader brought: before `read` by reading them, before `write-again` by writing to
/// them.
void expect_measured(const Session& session) {
    expect_lines(session);
    for (const Step step : {Step::read, Step::write_again}) {
        const Look& look = session.at(step);
        const std::uint64_t due = session.pages - session.brought;
        if (is_about(look.line.faults, due, few) && look.line.present == session.pages) {
            continue;
        }
        fail_for(session, step,
                 fmt::format("{}: {} pages of {} were there already, so {} faults; all {} pages present",
                             name_of(step), session.brought, session.pages, due, session.pages),
                 {});
    }
}

TEST(Steps, MeasuresAndDoesNotPredict) {
    const Session& session = some_brought.get();
    expect_lines(session);
    if (session.brought > 0) {
        expect_measured(session);
    }
    // mmap(3) itself brings them. Who makes the region by other means is not concerned: its own faults tell.
    const Session& populated = all_brought.get();
    expect_lines(populated);
    const Look& first = populated.at(Step::map);
    const bool is_populated = first.pages ? first.pages->present == populated.pages
                                          : first.outside.anonymous_bytes > populated.pages * page;
    if (!is_populated) {
        expect_faults(populated, Step::read, populated.pages);
        return;
    }
    expect_faults(populated, Step::map, populated.pages);
    expect_present(populated, Step::map, populated.pages);
    expect_faults(populated, Step::read, 0);
    expect_faults(populated, Step::write, 0);
    expect_faults(populated, Step::parent_write, populated.pages);
}

}  // namespace

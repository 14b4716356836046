#include "grading/corpus/edit.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <map>

namespace vmlab::grading {

namespace {

/// Every place of `part` in `text`, overlapping ones too.
std::vector<std::size_t> places_of(const std::string& part, const std::string& text) {
    std::vector<std::size_t> places;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        places.push_back(at);
    }
    return places;
}

/// The first line that says something, for a message.
std::string beginning_of(const std::string& text) {
    const std::size_t start = text.find_first_not_of(" \t\n");
    if (start == std::string::npos) {
        return "nothing but blanks";
    }
    return text.substr(start, text.find('\n', start) - start);
}

std::string times(std::size_t count) {
    return count == 1 ? "once" : count == 2 ? "twice" : fmt::format("{} times", count);
}

}  // namespace

process::Result<std::string> edited(const std::string& text, std::string_view name,
                                    const std::vector<Edit>& edits) {
    std::map<std::size_t, const Edit*> in_order;
    for (const Edit& edit : edits) {
        const std::vector<std::size_t> places =
            edit.was.empty() ? std::vector<std::size_t>{} : places_of(edit.was, text);
        if (places.size() != 1) {
            const std::string found = places.empty() ? "does not stand" : "stands " + times(places.size());
            return process::failed(fmt::format("{}: `was` {} in {}, where it has to stand once: {}",
                                               edit.place, found, name, beginning_of(edit.was)),
                                   places.empty() ? fmt::format("copy it from {} as that is now", name)
                                                  : "take a line before or behind it into `was` and `now`");
        }
        if (const auto [at, added] = in_order.emplace(places.front(), &edit); !added) {
            return process::failed(
                fmt::format("{}: changes the same place as {}", edit.place, at->second->place),
                "make one edit of the two");
        }
    }

    std::string result;
    std::size_t end = 0;
    const Edit* before = nullptr;
    for (const auto& [at, edit] : in_order) {
        if (at < end) {
            return process::failed(
                fmt::format("{}: changes the same place as {}", edit->place, before->place),
                "make one edit of the two");
        }
        result.append(text, end, at - end).append(edit->now);
        end = at + edit->was.size();
        before = edit;
    }
    return result.append(text, end);
}

}  // namespace vmlab::grading

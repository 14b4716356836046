#pragma once

// The submission's areas.cpp, built once for each area that is to grow, and what each file says of its
// sections.

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vmlab/evidence/elf_layout.hpp"
#include "vmlab/grading/draw.hpp"
#include "vmlab/grading/experiment.hpp"
#include "vmlab/grading/grader.hpp"
#include "vmlab/grading/lab.hpp"
#include "vmlab/grading/output.hpp"

namespace areas {

using namespace vmlab;
using grading::BuildOptions;
using grading::Card;
using grading::drawn;
using grading::Experiment;
using grading::fail;
using grading::fail_run;
using grading::Lab;
using grading::lab;
using grading::Shared;
using grading::shown;

constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t mebibyte = 1024 * kibibyte;

struct Area {
    std::string_view section;
    std::string_view macro;
};
constexpr std::array<Area, 4> sections = {
    {{".text", "TEXT_KIB"}, {".rodata", "RODATA_KIB"}, {".data", "DATA_KIB"}, {".bss", "BSS_KIB"}}};

/// One build: the macro, its value, and the layout.
struct Build {
    BuildOptions options;
    std::uint64_t kibibytes = 0;
    evidence::ElfLayout layout;

    [[nodiscard]] std::uint64_t bytes_of(std::string_view section) const {
        const evidence::ElfSection* found = layout.section(section);
        return found == nullptr ? 0 : found->bytes;
    }
    /// What the kernel maps from the file.
    [[nodiscard]] std::uint64_t mapped_from_file() const {
        std::uint64_t bytes = 0;
        for (const evidence::ElfSegment& segment : layout.segments) {
            bytes += segment.type == 1 ? segment.file_bytes : 0;  // PT_LOAD
        }
        return bytes;
    }
};

inline BuildOptions with_macros(const std::vector<std::pair<std::string_view, std::uint64_t>>& macros) {
    BuildOptions options;
    for (const auto& [macro, value] : macros) {
        options.extra_flags.push_back(fmt::format("-D{}={}", macro, value));
    }
    return options;
}

inline Build build(Lab& lab, const BuildOptions& options, std::uint64_t kibibytes) {
    auto layout = evidence::read_elf_layout(lab.program("areas", options).executable);
    if (!layout) {
        grading::raise(layout.error());
    }
    return {options, kibibytes, std::move(*layout)};
}

inline Shared<Build> plain{[](Lab& lab) { return build(lab, {}, 0); }};

inline Build grown(Lab& lab, std::string_view macro) {
    const std::uint64_t kibibytes = drawn(100, 900);
    return build(lab, with_macros({{macro, kibibytes}}), kibibytes);
}
inline Shared<Build> more_text{[](Lab& lab) { return grown(lab, "TEXT_KIB"); }};
inline Shared<Build> more_rodata{[](Lab& lab) { return grown(lab, "RODATA_KIB"); }};
inline Shared<Build> more_data{[](Lab& lab) { return grown(lab, "DATA_KIB"); }};
inline Shared<Build> more_bss{[](Lab& lab) { return grown(lab, "BSS_KIB"); }};
inline Shared<Build> more_of_all{[](Lab& lab) {
    const std::uint64_t kibibytes = drawn(20, 90);
    return build(lab,
                 with_macros({{"TEXT_KIB", kibibytes},
                              {"RODATA_KIB", kibibytes + 7},
                              {"DATA_KIB", kibibytes + 3},
                              {"BSS_KIB", kibibytes + 5}}),
                 kibibytes);
}};

/// For a card: builds it so, and shows the sections.
inline std::string sizes_of(const Build& build) {
    return grading::build_command("areas.cpp", "areas", build.options) +
           " && size -A areas | grep -E '^.(text|rodata|data|bss) '";
}

}  // namespace areas

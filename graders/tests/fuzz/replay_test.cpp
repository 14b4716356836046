// Every seed, and every input that once broke something, through its target; and a while of damaged seeds.

#include <glob.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>

#include "targets.hpp"

namespace vmlab::fuzz {
namespace {

namespace fs = std::filesystem;

const fs::path source = VMLAB_SOURCE_DIR;
const fs::path here = source / "graders/tests/fuzz";

std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    EXPECT_TRUE(stream) << file;
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<fs::path> matching(const std::string& pattern) {
    glob_t found{};
    std::vector<fs::path> files;
    if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
        files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    globfree(&found);
    return files;
}

/// The rows of targets.txt: the name, then the patterns.
std::vector<std::vector<std::string>> rows() {
    std::vector<std::vector<std::string>> rows;
    std::istringstream text(read(here / "targets.txt"));
    for (std::string line; std::getline(text, line);) {
        std::istringstream words(line);
        if (!line.empty() && line.front() != '#') {
            rows.emplace_back(std::istream_iterator<std::string>(words),
                              std::istream_iterator<std::string>());
        }
    }
    return rows;
}

std::vector<fs::path> seeds_of(const std::string& target) {
    std::vector<fs::path> seeds;
    std::vector<std::string> patterns = {(here / "found" / target / "*").string(),
                                         (here / "seeds" / target / "*").string()};
    for (const auto& row : rows()) {
        for (std::size_t i = 1; row[0] == target && i < row.size(); ++i) {
            patterns.push_back((source / row[i]).string());
        }
    }
    for (const std::string& pattern : patterns) {
        for (const fs::path& file : matching(pattern)) {
            seeds.push_back(file);
        }
    }
    return seeds;
}

class ReplayTest : public ::testing::TestWithParam<Target> {
  protected:
    /// False after an input that broke something: it is written down.
    static bool holds(std::string_view input, const std::string& what) {
        try {
            GetParam().run(input);
            return true;
        } catch (const std::exception& error) {
            const fs::path kept =
                fs::temp_directory_path() / ("fuzz-finding-" + std::string(GetParam().name));
            std::ofstream(kept, std::ios::binary) << input;
            ADD_FAILURE() << what << ": " << error.what() << "; the input is kept as " << kept;
            return false;
        }
    }
};

TEST_P(ReplayTest, EverySeedIsTaken) {
    const auto seeds = seeds_of(GetParam().name);
    EXPECT_FALSE(seeds.empty());
    EXPECT_TRUE(holds("", "nothing at all"));
    for (const fs::path& seed : seeds) {
        holds(read(seed), seed.string());
    }
}

/// Not as clever as libFuzzer, but there with every compiler.
TEST_P(ReplayTest, DamagedSeedsAreTaken) {
    const auto seed = std::random_device{}();
    std::mt19937 random(seed);
    const auto below = [&random](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    std::vector<std::string> texts;
    for (const fs::path& file : seeds_of(GetParam().name)) {
        texts.push_back(read(file).substr(0, 16U << 10U));
    }
    ASSERT_FALSE(texts.empty());
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    while (std::chrono::steady_clock::now() < end) {
        std::string text = texts[below(texts.size())];
        const std::string& other = texts[below(texts.size())];
        for (std::size_t edits = 1 + below(8); edits > 0 && !text.empty() && !other.empty(); --edits) {
            const std::size_t at = below(text.size());
            switch (below(5)) {
                case 0:
                    text[at] = static_cast<char>(below(256));
                    break;
                case 1:
                    text.erase(at, 1 + below(40));
                    break;
                case 2:
                    text.insert(at, other.substr(below(other.size()), below(200)));
                    break;
                case 3:
                    text.insert(at, 1 + below(20), "0123456789<>\"\n-"[below(15)]);
                    break;
                default:
                    text.resize(at);
                    break;
            }
        }
        if (!holds(text, "random seed " + std::to_string(seed))) {
            return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, ReplayTest, ::testing::ValuesIn(targets),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(FuzzTargets, AreThoseOfTheTable) {
    std::vector<std::string> named;
    for (const auto& row : rows()) {
        named.push_back(row[0]);
    }
    std::vector<std::string> known;
    for (const Target& target : targets) {
        known.emplace_back(target.name);
    }
    EXPECT_EQ(named, known);
}

}  // namespace
}  // namespace vmlab::fuzz

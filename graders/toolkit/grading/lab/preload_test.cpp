#include "grading/lab/preload.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <string>

#include "grading/lab/scratch_folder.hpp"
#include "vmlab/process/tools.hpp"

namespace vmlab::grading {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* library_name = "vmlab-heap-grows-down.so";

/// What the loader says of a program with that library, both in folders of these names.
std::string loaded(const std::string& library_folder, const std::string& program_folder) {
    const testing_tools::ScratchFolder scratch;
    const fs::path library = scratch.path() / library_folder / library_name;
    const fs::path program = scratch.path() / program_folder / "program";
    fs::create_directories(library.parent_path());
    fs::create_directories(program.parent_path());
    fs::copy_file(fs::path(VMLAB_SUPPORT_DIR) / library_name, library);
    fs::copy_file("/usr/bin/env", program);
    std::string said;
    for (int i = 0; i < 2; ++i) {  // the second finds the link there
        const auto run = process::run_tool(
            {"/usr/bin/env", "LD_PRELOAD=" + preload_value(library, program), program.string()});
        EXPECT_TRUE(run);
        said = run ? run->err : "";
    }
    return said;
}

TEST(PreloadTest, IsLoadedFromAFolderOfAnyName) {
    for (const char* folder : {"plain", "with blank", "a:b", "$ORIGIN", "it's \"#2\""}) {
        EXPECT_EQ(loaded(folder, "program"), "") << folder;
        EXPECT_EQ(loaded(folder, folder), "") << folder;
    }
}

// That the test can fail: the loader complains of a library that it does not find.
TEST(PreloadTest, TheLoaderSaysWhatItDoesNotFind) {
    const auto run = process::run_tool({"/usr/bin/env", "LD_PRELOAD=/no where/x.so", "/usr/bin/env"});
    ASSERT_TRUE(run);
    EXPECT_THAT(run->err, HasSubstr("cannot be preloaded"));
}

}  // namespace
}  // namespace vmlab::grading

#include "vmlab/evidence/elf.hpp"

#include "evidence/evidence_testing.hpp"

namespace vmlab::evidence {
namespace {

constexpr const char* client_request =
    "int main() { asm volatile(\"rol $3, %rdi; rol $13, %rdi; rol $61, %rdi; "
    "rol $51, %rdi; xchg %rbx, %rbx\"); }";

class ElfTest : public LiveTest {};

TEST_F(ElfTest, KnowsAPlainProgram) {
    const auto facts = read_elf(build("int main() {}"));
    ASSERT_TRUE(facts) << facts.error().what;
    EXPECT_TRUE(facts->dynamically_linked);
    EXPECT_TRUE(facts->has_debug_lines);
    EXPECT_FALSE(facts->has_client_requests);
}

TEST_F(ElfTest, KnowsAProgramWithoutDebuggingInformation) {
    const auto facts = read_elf(build("int main() {}", "-O0"));
    ASSERT_TRUE(facts);
    EXPECT_FALSE(facts->has_debug_lines);
}

TEST_F(ElfTest, KnowsAStaticProgram) {
    const auto facts = read_elf(build("int main() {}", "-static"));
    ASSERT_TRUE(facts);
    EXPECT_FALSE(facts->dynamically_linked);
}

TEST_F(ElfTest, FindsClientRequests) {
    const auto facts = read_elf(build(client_request));
    ASSERT_TRUE(facts);
    EXPECT_TRUE(facts->has_client_requests);
}

TEST_F(ElfTest, FindsClientRequestsWithoutSections) {
    const std::filesystem::path program = build(client_request);
    {
        std::fstream file(program, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(0x28);  // e_shoff, then after 10 bytes e_shentsize, e_shnum, e_shstrndx
        file.write("\0\0\0\0\0\0\0\0", 8);
        file.seekp(0x3c);
        file.write("\0\0\0\0", 4);
    }
    const auto facts = read_elf(program);
    ASSERT_TRUE(facts) << facts.error().what;
    EXPECT_TRUE(facts->has_client_requests);
}

TEST_F(ElfTest, RefusesWhatIsNoProgram) {
    EXPECT_FALSE(read_elf(folder() / "nothing"));
    EXPECT_FALSE(read_elf(folder()));
    for (const std::string& text : {std::string(), std::string("#!/bin/sh\n"), std::string("\177ELF"),
                                    std::string("\177ELF\2\1\1\0\0\0", 10)}) {
        const std::filesystem::path file = folder() / "text";
        std::ofstream(file, std::ios::binary) << text;
        EXPECT_FALSE(read_elf(file)) << text;
    }
    EXPECT_FALSE(read_elf(build("int x;", "-c")));
}

TEST_F(ElfTest, SurvivesCutPrograms) {
    const std::filesystem::path program = build("int main() {}");
    const auto size = std::filesystem::file_size(program);
    for (auto length = size; length > 0; length = length * 3 / 4) {
        std::filesystem::resize_file(program, length);
        (void)read_elf(program);
    }
}

}  // namespace
}  // namespace vmlab::evidence

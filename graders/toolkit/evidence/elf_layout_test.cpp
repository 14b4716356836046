#include "vmlab/evidence/elf_layout.hpp"

#include <gmock/gmock.h>

#include "evidence/evidence_testing.hpp"

namespace vmlab::evidence {
namespace {

constexpr const char* program = R"(
int with_value[100000] = {1};
int without[200000];
extern const int constant[30000] = {2};
extern const char* const names[] = {"a", "b"};
namespace of { int function(int x) { return x + with_value[0] + without[0] + constant[0] + names[0][0]; } }
int main() { return of::function(0) == 0; }
)";

class ElfLayoutTest : public LiveTest {
  protected:
    ElfLayout layout_of(const std::string& flags) {
        auto layout = read_elf_layout(build(program, flags));
        EXPECT_TRUE(layout) << layout.error().what;
        return layout ? *layout : ElfLayout();
    }
};

TEST_F(ElfLayoutTest, TellsWhereThingsLie) {
    const ElfLayout layout = layout_of("-O0");
    EXPECT_TRUE(layout.relocatable);
    ASSERT_TRUE(layout.interpreter);
    EXPECT_THAT(*layout.interpreter, testing::HasSubstr("ld-linux"));
    EXPECT_THAT(layout.needed, testing::Contains("libc.so.6"));
    const auto section_of = [&](const char* name) {
        const ElfSymbol* symbol = layout.symbol(name);
        const ElfSection* section = symbol == nullptr ? nullptr : layout.section_at(symbol->address);
        EXPECT_TRUE(section != nullptr && section->name == symbol->section) << name;
        return section == nullptr ? ElfSection() : *section;
    };
    EXPECT_EQ(section_of("with_value").name, ".data");
    EXPECT_EQ(section_of("without").name, ".bss");
    EXPECT_FALSE(section_of("without").in_file);
    EXPECT_EQ(section_of("constant").name, ".rodata");
    EXPECT_EQ(section_of("of::function(int)").name, ".text");
    EXPECT_TRUE(section_of("of::function(int)").executable);
    EXPECT_EQ(section_of("names").name, ".data.rel.ro");
    EXPECT_TRUE(layout.read_only_after_relocation(layout.symbol("names")->address));
    EXPECT_FALSE(layout.read_only_after_relocation(layout.symbol("with_value")->address));
    EXPECT_EQ(layout.symbol("with_value")->bytes, 400'000U);
    EXPECT_EQ(layout.symbol("no such thing"), nullptr);
    EXPECT_EQ(layout.section(".no.such"), nullptr);
    EXPECT_EQ(layout.section_at(~std::uint64_t{0}), nullptr);
}

TEST_F(ElfLayoutTest, AddsUpAsSizeDoes) {
    const SectionSums sums = layout_of("-O0").sums();
    EXPECT_GE(sums.data, 400'000U);
    EXPECT_LT(sums.data, 410'000U);
    EXPECT_GE(sums.bss, 800'000U);
    EXPECT_LT(sums.bss, 801'000U);
    EXPECT_GE(sums.text, 120'000U);
    EXPECT_LT(sums.text, 130'000U);
}

TEST_F(ElfLayoutTest, TellsFixedFromRelocatableAndStaticFromDynamic) {
    EXPECT_FALSE(layout_of("-O0 -no-pie").relocatable);
    const ElfLayout fixed = layout_of("-O0 -static");
    EXPECT_FALSE(fixed.relocatable);
    EXPECT_FALSE(fixed.interpreter);
    EXPECT_TRUE(fixed.needed.empty());
    const ElfLayout moved = layout_of("-O0 -static-pie");
    EXPECT_TRUE(moved.relocatable);
    EXPECT_FALSE(moved.interpreter);
}

TEST_F(ElfLayoutTest, RefusesWhatIsNoProgram) {
    EXPECT_FALSE(read_elf_layout(folder() / "nothing"));
    std::ofstream(folder() / "text") << "#!/bin/sh\n";
    EXPECT_FALSE(read_elf_layout(folder() / "text"));
}

}  // namespace
}  // namespace vmlab::evidence

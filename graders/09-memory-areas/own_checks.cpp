// Grader of activity 9: the nine things of the program's own, by the kernel's list and by the ELF file.

#include <fmt/format.h>
#include <sys/auxv.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runs.hpp"

namespace {

using namespace areas;

void expect_code_and_constants(const Session& session) {
    expect_in_section(session, "text", ".text");
    expect_in_section(session, "rodata", ".rodata");
}

void expect_variables(const Session& session) {
    expect_in_section(session, "data", ".data");
    expect_in_section(session, "bss", ".bss");
}

void expect_blocks(const Session& session) {
    const Told& heap = session.thing("heap");
    const Mapping* small = session.mapping_at(heap.address);
    if (small == nullptr || small->path != "[heap]") {
        fail_for(session, heap, "heap: the address of a block of 100 bytes, in [heap]",
                 "it does not lie in [heap]");
    }
    const Told& mapped = session.thing("mmap");
    const Mapping* large = session.mapping_at(mapped.address);
    const bool is_anonymous =
        large != nullptr && large->inode == 0 && (large->path.empty() || large->path.starts_with("[anon"));
    if (!is_anonymous || large->end - mapped.address < 1'000'000) {
        fail_for(session, mapped,
                 "mmap: the address of a block of 1,000,000 bytes in a mapping without a name",
                 is_anonymous ? fmt::format("its mapping ends after {} bytes", large->end - mapped.address)
                              : "it lies in no such mapping");
    }
}

void expect_library_stack_and_vdso(const Session& session) {
    const Told& library = session.thing("library");
    const Mapping* code = session.mapping_at(library.address);
    const std::string file = code == nullptr ? std::string() : code->path.substr(code->path.rfind('/') + 1);
    if (code == nullptr || !file.starts_with("libc") || code->permissions[2] != 'x') {
        fail_for(session, library, "library: the address of a function of the C library's, in libc's code",
                 "it does not lie there");
    }
    const Told& stack = session.thing("stack");
    const Mapping* area = session.mapping_at(stack.address);
    if (area == nullptr || area->path != "[stack]") {
        fail_for(session, stack, "stack: the address of a local variable, in [stack]",
                 "it does not lie there");
    }
    const Told& vdso = session.thing("vdso");
    const auto due = session.auxiliary.find(AT_SYSINFO_EHDR);
    if (due != session.auxiliary.end() && vdso.address != due->second) {
        fail_for(session, vdso,
                 fmt::format("vdso: {:#x}, what the kernel told the process (AT_SYSINFO_EHDR)", due->second),
                 fmt::format("{:#x}", vdso.address));
    }
}

TEST(OwnThings, TellsWhereItsCodeAndConstantsLie) {
    expect_lines(usual.get());
    expect_code_and_constants(usual.get());
}

TEST(OwnThings, TellsWhereItsVariablesLie) {
    expect_lines(usual.get());
    expect_variables(usual.get());
}

/// In a run in which every block is counted: the one at the printed address. (Not under Memcheck: there is no
/// [vdso] there, and a program may rely on it.)
void expect_block_of_100_bytes() {
    const grading::CountedRun counted = experiment().counted_until_it_waits(lab());
    std::optional<std::uint64_t> address;
    for (const std::string& line : grading::lines_of(counted.run.out)) {
        const auto words = grading::words_of(line);
        if (words.size() > 1 && words[0] == "heap") {
            address = grading::address_of(words[1]);
        }
    }
    const auto& blocks = counted.blocks.blocks;
    const auto block = std::ranges::find_if(blocks, [&](const evidence::NativeBlock& one) {
        return address == one.address && one.size >= 100 && one.size <= 164 && !one.given_back;
    });
    if (block != blocks.end() || counted.blocks.overflowed) {
        return;
    }
    const Card card{
        .expected =
            "heap: the address of a block of 100 bytes (up to 64 more) from malloc or new, which "
            "still exists while the program waits",
        .observed = address ? fmt::format("at {:#x} no such block begins", *address) : "no line \"heap\"",
        .evidence = fmt::format("the calls of malloc and its like: {} blocks", blocks.size()),
        .next = build_and("areas", experiment().under("valgrind -q --trace-malloc=yes") +
                                       " 2>&1 < /dev/null | grep -E 'alloc|new|heap'")};
    if (counted.run.status.killed_by(SIGKILL)) {
        fail(card);  // by us, when it waited
    }
    fail_run(counted.run, experiment().doing("with its blocks counted"), card);
}

TEST(OwnThings, TellsWhereItsBlocksLie) {
    expect_lines(usual.get());
    expect_blocks(usual.get());
    expect_block_of_100_bytes();
}

TEST(OwnThings, TellsWhereLibraryStackAndVdsoLie) {
    expect_lines(usual.get());
    expect_library_stack_and_vdso(usual.get());
}

void expect_quotes(const Session& session) {
    for (const Told& told : session.told) {
        const Mapping* mapping = session.mapping_at(told.address);
        const std::string due =
            mapping == nullptr
                ? "unmapped"
                : mapping->permissions + " " + (mapping->path.empty() ? "anonymous" : mapping->path);
        if (mapping == nullptr || told.mapping != due) {
            fail_for(session, told,
                     "permissions and path of the mapping that holds the address, as the kernel gives them",
                     fmt::format("\"{}\", not \"{}\"", told.mapping, due));
        }
    }
}

TEST(OwnThings, QuotesTheKernel) {
    expect_lines(usual.get());
    expect_quotes(usual.get());
}

TEST(OwnThings, SumsUpItsMappings) {
    const Session& session = usual.get();
    expect_lines(session);
    std::uint64_t bytes = 0;
    std::uint64_t count = 0;
    for (const Mapping& mapping : *session.mappings) {
        if (mapping.path != "[vsyscall]") {
            bytes += mapping.bytes();
            ++count;
        }
    }
    const auto differ = [](std::uint64_t one, std::uint64_t other) {
        return std::max(one, other) - std::min(one, other);
    };
    if (differ(session.told_kb, bytes / 1024) <= 264 && differ(session.told_mappings, count) <= 2) {
        return;
    }
    fail({.expected =
              fmt::format("size {} kB in {} mappings (264 kB and 2 mappings more or less do not matter)",
                          bytes / 1024, count),
          .observed = grading::last_line(session.run.out),
          .evidence = fmt::format("/proc/PID/status: VmSize {} kB, VmRSS {} kB; {} lines of maps",
                                  session.outside.virtual_bytes / 1024, session.outside.resident_bytes / 1024,
                                  session.mappings->size()),
          .next = session.next()});
}

TEST(OwnThings, NeedsNoFixedAddresses) {
    for (Shared<Session>* shared : {&without_pie, &not_moved}) {
        const Session& session = shared->get();
        expect_lines(session);
        expect_code_and_constants(session);
        expect_variables(session);
        expect_blocks(session);
        expect_library_stack_and_vdso(session);
        expect_quotes(session);
    }
}

}  // namespace

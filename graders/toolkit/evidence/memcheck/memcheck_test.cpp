#include "vmlab/evidence/memcheck.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <initializer_list>

#include "evidence/evidence_testing.hpp"

namespace vmlab::evidence {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(MemcheckXml, ReadsLeaksOfEveryKind) {
    const auto report = parse_memcheck_xml(recorded("errors.xml"));
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_TRUE(report->complete);
    EXPECT_GT(report->pid, 0);
    EXPECT_EQ(report->bytes(LeakKind::definitely_lost), 4U + 4U + 16U);
    EXPECT_EQ(report->blocks(LeakKind::indirectly_lost), 2U);
    EXPECT_EQ(report->bytes(LeakKind::indirectly_lost), 32U);
    EXPECT_EQ(report->bytes(LeakKind::possibly_lost), 32U);
    EXPECT_EQ(report->bytes(LeakKind::still_reachable), 64U);
    const auto definitely = report->leaks_of(LeakKind::definitely_lost);
    ASSERT_THAT(definitely, SizeIs(3));
    ASSERT_NE(definitely[0].at("errors.cpp"), nullptr);
    EXPECT_THAT(definitely[0].at("errors.cpp")->function, HasSubstr("definitely"));
    EXPECT_EQ(definitely[0].at("other.cpp"), nullptr);
}

TEST(MemcheckXml, ReadsErrors) {
    const auto report = parse_memcheck_xml(recorded("errors.xml"));
    ASSERT_TRUE(report);
    std::vector<std::string> kinds;
    for (const MemoryError& error : report->errors) {
        kinds.push_back(error.kind);
    }
    EXPECT_THAT(kinds,
                testing::ElementsAre("UninitCondition", "InvalidWrite", "InvalidFree", "MismatchedFree"));
    EXPECT_EQ(report->errors[1].what, "Invalid write of size 4");
    EXPECT_THAT(report->errors[1].detail, HasSubstr("0 bytes inside a block of size 4 free'd"));
    ASSERT_NE(report->errors[1].at("errors.cpp"), nullptr);
    EXPECT_GT(report->errors[1].at("errors.cpp")->line, 0);
    EXPECT_EQ(report->errors[1].at("errors.cpp")->object, "errors");
}

TEST(MemcheckXml, HasNoLinesWithoutDebuggingInformation) {
    const auto report = parse_memcheck_xml(recorded("without_debug_info.xml"));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->bytes(LeakKind::definitely_lost), 24U);
    for (const Leak& leak : report->leaks) {
        EXPECT_EQ(leak.at("errors.cpp"), nullptr);
    }
}

TEST(MemcheckXml, ReadsTheReportOfACrash) {
    const auto report = parse_memcheck_xml(recorded("segv.xml"));
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_TRUE(report->complete);
    EXPECT_THAT(report->errors, SizeIs(1));
}

TEST(MemcheckXml, TellsAProcessFromOnesThatItForked) {
    const auto report = parse_memcheck_xml(recorded("forkexec.xml"));
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_TRUE(report->complete);
    EXPECT_EQ(report->bytes(LeakKind::definitely_lost), 123U);
}

TEST(MemcheckXml, RefusesASecondReportOfTheSameProcess) {
    const auto report = parse_memcheck_xml(recorded("exec.xml"));
    ASSERT_FALSE(report);
    EXPECT_THAT(report.error().what, HasSubstr("executed another program"));
    const std::string xml = recorded("errors.xml");
    EXPECT_FALSE(parse_memcheck_xml(xml + xml));
}

TEST(MemcheckXml, TakesAnyCutForAnIncompleteReport) {
    const std::string xml = recorded("errors.xml");
    const std::size_t end = xml.find("</valgrindoutput>") + std::string("</valgrindoutput>").size();
    for (std::size_t length = 0; length < xml.size(); ++length) {
        const auto report = parse_memcheck_xml(xml.substr(0, length));
        ASSERT_TRUE(report) << "cut at " << length << ": " << report.error().what;
        EXPECT_EQ(report->complete, length >= end) << length;
    }
}

TEST(MemcheckXml, RefusesWhatValgrindCannotHaveWritten) {
    const std::string xml = recorded("errors.xml");
    const auto changed = [&xml](const std::string& from, const std::string& to) {
        std::string text = xml;
        const std::size_t at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return text.replace(at, from.size(), to);
    };
    const std::string hostile[] = {
        "hello\n" + xml,
        xml + "hello",
        xml + "</valgrindoutput>",
        changed("<kind>", "<kind>\xff<"),
        changed("<pid>", std::string("\0<pid>", 6)),
        changed("<protocoltool>memcheck", "<protocoltool>helgrind"),
        changed("<leakedbytes>", "<leakedbytes>99999999999999999999999"),
        changed("<leakedblocks>", "<leakedblocks>-"),
        changed("Leak_DefinitelyLost", "Leak_NotAtAll"),
        changed("</error>", ""),
        changed("<valgrindoutput>", "<x>"),
    };
    for (const std::string& text : hostile) {
        EXPECT_FALSE(parse_memcheck_xml(text)) << text.substr(0, 200);
    }
}

TEST(Contradiction, IsNoneInRecordedPairs) {
    const AllocationTrace trace = parse_allocation_trace(recorded("errors.log"));
    auto report = parse_memcheck_xml(recorded("errors.xml"));
    ASSERT_TRUE(report);
    EXPECT_EQ(contradiction(trace, *report), std::nullopt);

    report->leaks.pop_back();
    EXPECT_NE(contradiction(trace, *report), std::nullopt);
    report->complete = false;
    EXPECT_EQ(contradiction(trace, *report), std::nullopt);
}

class RunMemcheck : public LiveTest {
  protected:
    /// Runs main's body (`stdlib.h` and others included) and expects a trustworthy report, whatever it does.
    std::optional<MemcheckRun> honest(const std::string& body, const MemcheckOptions& options = {},
                                      std::size_t torn_at_most = 0, const std::string& globals = {}) {
        const std::string headers =
            "#include <cstdlib>\n#include <csignal>\n#include <iostream>\n#include <string>\n"
            "#include <thread>\n#include <unistd.h>\n#include <sys/wait.h>\n";
        const auto made = run_memcheck(
            sandbox(), build(headers + globals + "int main(int count, char** words) {\n" + body + "\n}\n"),
            options);
        if (lacks(made)) {
            return std::nullopt;
        }
        EXPECT_EQ(made->damage, std::nullopt) << body;
        EXPECT_LE(made->trace.torn_rows, torn_at_most) << body;
        return *made;
    }
};

TEST_F(RunMemcheck, SeesLeaksAndAllocations) {
    MemcheckOptions options;
    options.arguments = {"a b", "<&>"};
    const auto made = honest(
        "std::cout << words[1] << words[2] << '\\n'; void* p = malloc(1234); p = nullptr; return count;",
        options);
    if (!made) {
        GTEST_SKIP() << "no valgrind";
    }
    EXPECT_TRUE(made->run.status.exited_with(3)) << made->run.describe();
    EXPECT_EQ(made->run.out, "a b<&>\n");
    EXPECT_TRUE(made->report.complete);
    EXPECT_EQ(made->report.pid, made->run.inner_pid);
    EXPECT_EQ(made->report.bytes(LeakKind::definitely_lost), 1234U);
    EXPECT_EQ(made->report.leaks.size(), 1U);
    EXPECT_NE(made->report.leaks[0].at("program.cpp"), nullptr);
    EXPECT_THAT(made->trace.blocks_of_size(1234), SizeIs(1));
}

TEST_F(RunMemcheck, TrustsHonestProgramsHoweverTheyEnd) {
    for (const char* body : {
             "std::string s(100, 'x'); std::exit(0);",
             "std::string s(100, 'x'); _exit(0);",
             "std::string s(100, 'x'); std::abort();",
             "std::string s(100, 'x'); *(volatile int*)8 = 1;",
             "malloc(10); raise(SIGKILL);",
             "try { throw std::string(\"x\"); } catch (...) { return 1; }",
             "std::thread t([] { for (int i = 0; i < 50; ++i) std::string s(100 + i, 'x'); }); t.join();",
             "if (fork() == 0) { malloc(77); exit(0); } wait(nullptr); free(malloc(5));",
             "malloc(3); system(\"true\");",
             "void* p = malloc(8); free(p); free(p);",
         }) {
        if (!honest(body)) {
            GTEST_SKIP() << "no valgrind";
        }
    }
}

TEST_F(RunMemcheck, TrustsAProgramThatEndsInTheMiddleOfAnAllocation) {
    // Valgrind writes a row in two parts, before and after the call: the thread may be between them.
    if (!honest("std::thread t([] { for (;;) std::string s(100, 'x'); }); usleep(1000); exit(0);", {}, 1)) {
        GTEST_SKIP() << "no valgrind";
    }
}

TEST_F(RunMemcheck, DistrustsAProgramThatBecomesAnother) {
    const auto made =
        run_memcheck(sandbox(), build("#include <unistd.h>\n#include <stdlib.h>\nint main() { malloc(5);\n"
                                      "execl(\"/bin/true\", \"true\", (char*)nullptr); }\n"));
    if (lacks(made)) {
        GTEST_SKIP() << made.error().what;
    }
    ASSERT_TRUE(made->damage);
    EXPECT_THAT(*made->damage, HasSubstr("executed another program"));
}

TEST_F(RunMemcheck, KeepsItsReportFromTheProgram) {
    // Each of these would put text into a report if the sandbox's filter let it.
    const auto made = run_memcheck(sandbox(), build(R"source(
#include <fcntl.h>
#include <initializer_list>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>
int main() {
    for (int report = 1012; report < 1024; ++report) {
        (void)!write(report, "forged\n", 7);
        send(report, "forged\n", 7, 0);
        iovec piece{(void*)"forged\n", 7};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        sendmsg(report, &message, 0);
        for (int copy : {dup(report), fcntl(report, F_DUPFD, 3),
                         fcntl(report, F_DUPFD_CLOEXEC, 3),
                         dup2(report, 500), dup3(report, 501, 0)})
            if (copy >= 0)
                (void)!write(copy, "forged\n", 7);
        int source = open("/proc/self/cmdline", O_RDONLY);
        sendfile(report, source, nullptr, 10);
        close(source);
        shutdown(report, SHUT_RDWR);
    }
    malloc(33);
})source"));
    if (lacks(made)) {
        GTEST_SKIP() << made.error().what;
    }
    EXPECT_EQ(made->damage, std::nullopt);
    EXPECT_TRUE(made->report.complete);
    EXPECT_EQ(made->report.bytes(LeakKind::definitely_lost), 33U);
}

TEST_F(RunMemcheck, HasAnIncompleteReportOfAProgramThatWasStopped) {
    MemcheckOptions options;
    options.limits.wall = std::chrono::seconds(4);
    const auto made = honest("malloc(5); for (;;) pause();", options);
    if (!made) {
        GTEST_SKIP() << "no valgrind";
    }
    EXPECT_EQ(made->run.ending, process::Ending::timed_out);
    EXPECT_FALSE(made->report.complete);
}

TEST_F(RunMemcheck, TalksWithAProgram) {
    MemcheckOptions options;
    int pauses = 0;
    options.on_pause = [&](const process::Pause&) -> std::optional<std::string> {
        return ++pauses <= 2 ? std::optional<std::string>("line\n") : std::nullopt;
    };
    const auto made = run_memcheck(sandbox(), "/usr/bin/cat", options);
    if (lacks(made)) {
        GTEST_SKIP() << made.error().what;
    }
    EXPECT_EQ(pauses, 3);
    EXPECT_EQ(made->run.out, "line\nline\n");
}

TEST_F(RunMemcheck, DoesNotDistrustAProgramThatMakesValgrindGiveUp) {
    const auto made = run_memcheck(sandbox(), build(R"source(
#include <cstdlib>
#include <cstring>
                                                    int main() {
                                                        auto* block = static_cast<char*>(malloc(100));
                                                        memset(block, 0x55, 100'000);
                                                        free(block);
                                                        free(malloc(200));
                                                    })source"));
    if (lacks(made)) {
        GTEST_SKIP() << made.error().what;
    }
    EXPECT_EQ(made->damage, std::nullopt) << *made->damage;
    EXPECT_NE(made->report.misuse(), nullptr) << "it wrote behind its block";
}

TEST_F(RunMemcheck, FastForwardsSleeps) {
    MemcheckOptions options;
    options.fast_forward_sleeps = true;
    const auto made = honest(
        "for (int i = 0; i < 100; ++i) sleep(1000); malloc(7); std::cerr << \"mine\\n\"; return 3;", options);
    if (!made) {
        GTEST_SKIP() << "no valgrind or no strace";
    }
    EXPECT_TRUE(made->run.status.exited_with(3)) << made->run.describe();
    EXPECT_EQ(made->run.err, "mine\n");
    EXPECT_TRUE(made->report.complete);
    EXPECT_EQ(made->report.bytes(LeakKind::definitely_lost), 7U);
}

TEST(MemoryError, SaysWhatItIsAbout) {
    EXPECT_TRUE(
        (MemoryError{.kind = "MismatchedFree", .what = {}, .detail = {}, .stack = {}}).about_freeing());
    EXPECT_FALSE((MemoryError{.kind = "InvalidRead", .what = {}, .detail = {}, .stack = {}}).about_freeing());
    EXPECT_TRUE(
        (MemoryError{.kind = "UninitCondition", .what = {}, .detail = {}, .stack = {}}).about_unset_values());
    MemoryError error;
    error.detail = "Address 0x8 is not stack'd, malloc'd or (recently) free'd";
    EXPECT_TRUE(error.at_null());
    error.detail = "Address 0x4d8fc84 is 0 bytes after a block of size 4 alloc'd";
    EXPECT_FALSE(error.at_null());
    error.detail = "";
    EXPECT_FALSE(error.at_null());
}

TEST_F(RunMemcheck, LeavesAnAllocatorOfTheProgramsOwnAlone) {
    // Its pool is no malloc of libc's: nothing of it is seen. Its operator new asks malloc for more.
    const auto pool = honest("void* p = malloc(5); return p == nullptr;", {}, 0,
                             "char pool[4096]; std::size_t at = 0;\n"
                             "extern \"C\" void* malloc(std::size_t size) { void* block = pool + at; at += "
                             "(size + 15) & ~std::size_t{15}; return block; }\n"
                             "extern \"C\" void free(void*) {}\n");
    if (!pool) {
        GTEST_SKIP() << "no valgrind";
    }
    EXPECT_TRUE(pool->trace.blocks_of_size(5).empty());
    const auto made = honest("delete new int(7);", {}, 0,
                             "void* operator new(std::size_t size) { return malloc(size + 100); }\n"
                             "void operator delete(void* block) noexcept { free(block); }\n"
                             "void operator delete(void* block, std::size_t) noexcept { free(block); }\n");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->trace.blocks_of_size(104).size(), 1U);
    EXPECT_TRUE(made->trace.blocks_of_size(4).empty());
    EXPECT_TRUE(made->report.errors.empty());
}

TEST_F(RunMemcheck, IgnoresSettingsOfTheProgramsSurroundings) {
    MemcheckOptions options;
    options.environment["VALGRIND_OPTS"] = "--leak-check=no --xml=no";
    const auto made = honest("malloc(9);", options);
    if (!made) {
        GTEST_SKIP() << "no valgrind";
    }
    EXPECT_EQ(made->report.bytes(LeakKind::definitely_lost), 9U);
}

TEST(MemcheckReport, MisuseIsNoMatterOfHowABlockIsGivenBack) {
    const auto error = [](const std::string& kind) {
        MemoryError made;
        made.kind = kind;
        return made;
    };
    MemcheckReport report;
    report.errors = {error("MismatchedFree"), error("FishyValue")};
    EXPECT_EQ(report.misuse(), nullptr);
    report.errors.push_back(error("InvalidWrite"));
    report.errors.push_back(error("UninitCondition"));
    ASSERT_NE(report.misuse(), nullptr);
    EXPECT_EQ(report.misuse()->kind, "InvalidWrite");
}

}  // namespace
}  // namespace vmlab::evidence

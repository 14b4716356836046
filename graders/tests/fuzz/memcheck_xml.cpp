#include "vmlab/evidence/memcheck.hpp"

#include "targets.hpp"

namespace vmlab::fuzz {

void memcheck_xml(std::string_view input) {
    using evidence::LeakKind;
    const auto report = evidence::parse_memcheck_xml(input);
    if (!report) {
        require(!report.error().what.empty(), "an error says what it is");
        return;
    }
    std::size_t counted = 0;
    for (const LeakKind kind : {LeakKind::definitely_lost, LeakKind::indirectly_lost, LeakKind::possibly_lost,
                                LeakKind::still_reachable}) {
        const auto leaks = report->leaks_of(kind);
        counted += leaks.size();
        std::uint64_t bytes = 0;
        for (const evidence::Leak& leak : leaks) {
            bytes += leak.bytes;
            (void)leak.at("leaks.cpp");
        }
        require(report->bytes(kind) == bytes, "the bytes of a kind are those of its records");
    }
    require(counted == report->leaks.size(), "every record is of one kind");
    for (const evidence::MemoryError& error : report->errors) {
        (void)error.at("leaks.cpp");
    }
    (void)evidence::contradiction({}, *report);
}

}  // namespace vmlab::fuzz

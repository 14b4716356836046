#include "vmlab/evidence/procfs.hpp"

#include "targets.hpp"

namespace vmlab::fuzz {

void procfs(std::string_view input) {
    evidence::ProcessSample sample;
    evidence::parse_status(input, sample);
    for (const evidence::Mapping& mapping : evidence::parse_mappings(input)) {
        require(mapping.start >= mapping.end || mapping.contains(mapping.start), "a mapping holds its start");
        require(!mapping.contains(mapping.end), "a mapping ends before its end");
    }
}

}  // namespace vmlab::fuzz

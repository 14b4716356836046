#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "arena/vm/wire/wire.hpp"
#include "vmlab/process/descriptor.hpp"
#include "vmlab/process/error.hpp"

namespace vmlab::guest {

/// The uid (and gid) of the first program; the second has the next one, ...: they cannot end one another.
constexpr uid_t first_user = 1000;

/// A process that has been made and waits to become its program.
struct Newborn {
    pid_t pid = 0;
    process::Descriptor out;  ///< its stdout and stderr: our ends, which never wait
    process::Descriptor err;
    process::Descriptor go;      ///< closed by release()
    process::Descriptor failed;  ///< then: four bytes of errno when it cannot be executed, else its end
};

/// Makes the empty folder that a program will start in; it is the program's own, and of limited size. To be
/// done for all programs before the first one starts: that one may fill everything else.
[[nodiscard]] process::Result<void> make_working_folder(const arena::wire::Program& program,
                                                        std::size_t position);

/// Makes the process of a program, in its cgroup. It waits for release(). `input`: its stdin; none: a file
/// with what the order says.
[[nodiscard]] process::Result<Newborn> make_process(const arena::wire::Program& program, std::size_t position,
                                                    const std::string& cgroup, process::Descriptor input);

/// Lets it become the program.
void release(Newborn& newborn);

}  // namespace vmlab::guest

#include "vmlab/process/error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "process/advice.hpp"

namespace vmlab::process {

Error system_error(std::string_view call, std::string_view subject) {
    const int number = errno;
    const std::string what = subject.empty() ? fmt::format("{}: {}", call, std::strerror(number))
                                             : fmt::format("{} {}: {}", call, subject, std::strerror(number));
    return {ErrorKind::failed, what, advice_on(std::strerror(number))};
}

tl::unexpected<Error> failed(std::string what, std::string fix) {
    return tl::unexpected(Error{ErrorKind::failed, std::move(what), std::move(fix)});
}

tl::unexpected<Error> machine_lacks(std::string what, std::string fix) {
    return tl::unexpected(Error{ErrorKind::machine_lacks, std::move(what), std::move(fix)});
}

tl::unexpected<Error> failed_call(std::string_view call, std::string_view subject) {
    return tl::unexpected(system_error(call, subject));
}

}  // namespace vmlab::process

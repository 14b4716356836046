#include "vmlab/process/tools.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "process/child.hpp"
#include "process/collector.hpp"
#include "process/tool_environment.hpp"
#include "vmlab/process/descriptor.hpp"

namespace vmlab::process {

Result<std::filesystem::path> find_tool(std::string_view name, std::string_view debian_package) {
    // Not /usr/local: the sandbox shows the distribution's files alone, and the parts of such a tool (a
    // compiler's, Valgrind's) would be missing in it.
    for (const char* folder : {"/usr/bin", "/bin", "/usr/sbin", "/sbin"}) {
        std::filesystem::path path = std::filesystem::path(folder) / name;
        if (::access(path.c_str(), X_OK) == 0) {
            return path;
        }
    }
    return machine_lacks(fmt::format("{} is not installed", name),
                         fmt::format("sudo apt-get install {}", debian_package));
}

Result<Run> run_tool(const std::vector<std::string>& argv, const ToolOptions& options) {
    auto out = make_pipe();
    if (!out) {
        return tl::unexpected(out.error());
    }
    auto err = make_pipe();
    if (!err) {
        return tl::unexpected(err.error());
    }
    const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!nothing) {
        return failed_call("open", "/dev/null");
    }
    ChildPlan plan;
    plan.argv = argv;
    plan.environment = tool_environment();
    plan.ends_with_us = true;
    plan.descriptors = {{0, nothing.get()}, {1, out->theirs.get()}, {2, err->theirs.get()}};
    const Result<pid_t> child = start_child(plan);
    if (!child) {
        return tl::unexpected(child.error());
    }
    out->theirs.reset();
    err->theirs.reset();
    Job job;
    job.argv = argv;
    job.limits = options.limits;
    job.on_output = options.on_output;
    job.stop = options.stop;
    return collect(*child, Streams{std::move(out->ours), std::move(err->ours), Descriptor()}, job,
                   EndBy::asking);
}

}  // namespace vmlab::process

#include "arena/vm.hpp"

namespace vmlab::arena {

process::Result<std::unique_ptr<Arena>> open_vm(const process::Sandbox& /*sandbox*/) {
    return process::machine_lacks("the VM arena is not built yet", {});
}

}  // namespace vmlab::arena

// A preloaded allocator that runs out of memory: malloc, calloc and realloc give NULL after the first N calls
// that the program itself makes, N being VMLAB_MALLOC_CALLS_THAT_WORK. It shows what a program does with
// NULL. With VMLAB_MALLOC_CALLS_THAT_FAIL there is memory again after that many.
//
// Only blocks of the program's own (own_blocks.hpp) are counted and fail, so that iostreams, fmt and the
// dynamic loader go on working. `new (std::nothrow)` answers NULL just as malloc does and is treated alike;
// plain `new` always works, so that a std::vector in which a program keeps its pointers is not what breaks.
// Where that is not wanted, VMLAB_PLAIN_NEW_GIVES_NULL=1 lets plain `new` be counted too, and give NULL. No
// real `new` does that, and no program looks: one that uses its object crashes, one that made it only for
// show goes on.

#include <bits/functexcept.h>
#include <dlfcn.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "allocation_forms.hpp"
#include "libc_malloc.hpp"
#include "own_blocks.hpp"
#include "settings.hpp"

namespace {

std::atomic<long> calls_made;

vmlab::inside::OwnBlocks own_blocks;
long calls_that_work = 0;
long calls_that_fail = std::numeric_limits<long>::max();
bool plain_new_gives_null = false;

/// The program's own operator new, where it has one: what that asks malloc for is treated as plain new.
struct Code {
    std::uintptr_t start = 0;
    std::size_t bytes = 0;
    [[nodiscard]] bool holds(const void* address) const {
        return reinterpret_cast<std::uintptr_t>(address) - start < bytes;
    }
};
Code own_new[2];

Code own_function(const char* name) {
    void* function = dlsym(RTLD_DEFAULT, name);
    Dl_info info = {};
    void* extra = nullptr;
    if (!own_blocks.asked_for_by(function) || dladdr1(function, &info, &extra, RTLD_DL_SYMENT) == 0) {
        return {};
    }
    const auto* symbol = static_cast<const ElfW(Sym)*>(extra);
    return {reinterpret_cast<std::uintptr_t>(info.dli_saddr), symbol == nullptr ? 0 : symbol->st_size};
}

/// Before any code of the program itself. Until then no call is the program's.
__attribute__((constructor)) void read_settings(int /*argc*/, char** argv, char** environment) {
    vmlab::inside::Settings settings(environment);
    if (!settings.are_for(argv[0])) {
        return;
    }
    calls_that_work = settings.take_number("VMLAB_MALLOC_CALLS_THAT_WORK", 0);
    calls_that_fail = settings.take_number("VMLAB_MALLOC_CALLS_THAT_FAIL", calls_that_fail);
    plain_new_gives_null = settings.take_number("VMLAB_PLAIN_NEW_GIVES_NULL", 0) != 0;
    own_blocks = vmlab::inside::OwnBlocks(settings);
    own_new[0] = own_function("_Znwm");
    own_new[1] = own_function("_Znam");
    settings.take_out("VMLAB_PROGRAM");
    settings.take_out("LD_PRELOAD");
}

/// Counts one of the program's own calls, and says whether it must fail.
bool must_fail() {
    const long beyond = calls_made.fetch_add(1, std::memory_order_relaxed) - calls_that_work;
    if (beyond < 0 || beyond >= calls_that_fail) {
        return false;
    }
    errno = ENOMEM;
    return true;
}

bool must_fail(const void* caller) {
    const bool plain_new = own_new[0].holds(caller) || own_new[1].holds(caller);
    return own_blocks.asked_for_by(caller) && (plain_new_gives_null || !plain_new) && must_fail();
}

bool new_must_fail(const void* caller, std::size_t size) {
    return own_blocks.made_by_new(caller, size) && must_fail();
}

/// A function of the allocator behind this one: libc's, or under Memcheck its own, which can be reached by
/// libc's names alone. Without constructor: the loader asks for memory before any constructor has run.
template <class Function>
class Next {
  public:
    constexpr Next(const char* name, Function* libcs) : name_(name), libcs_(libcs) {}

    Function& operator*() {
        if (found_.load(std::memory_order_acquire) == nullptr && !searching_.exchange(true)) {
            auto* function = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name_));
            found_.store(function == nullptr ? libcs_ : function, std::memory_order_release);
        }
        Function* function = found_.load(std::memory_order_acquire);
        return function == nullptr ? *libcs_ : *function;  // the search itself may need memory
    }

  private:
    const char* name_;
    Function* libcs_;
    std::atomic<Function*> found_ = nullptr;
    std::atomic<bool> searching_ = false;
};

constinit Next<void*(std::size_t)> next_malloc("malloc", __libc_malloc);
constinit Next<void*(std::size_t, std::size_t)> next_calloc("calloc", __libc_calloc);
constinit Next<void*(void*, std::size_t)> next_realloc("realloc", __libc_realloc);
constinit Next<void*(std::size_t, std::size_t)> next_memalign("memalign", __libc_memalign);

void* made_by_new(std::size_t size, std::size_t alignment) {
    return alignment != 0 ? (*next_memalign)(alignment, size) : (*next_malloc)(size == 0 ? 1 : size);
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void* malloc(std::size_t size) {
    return must_fail(__builtin_return_address(0)) ? nullptr : (*next_malloc)(size);
}

void* calloc(std::size_t count, std::size_t size) {
    return must_fail(__builtin_return_address(0)) ? nullptr : (*next_calloc)(count, size);
}

void* realloc(void* block, std::size_t size) {
    // realloc(block, 0) frees: there is nothing to run out of.
    if (block != nullptr && size == 0) {
        return (*next_realloc)(block, size);
    }
    return must_fail(__builtin_return_address(0)) ? nullptr : (*next_realloc)(block, size);
}

}  // extern "C"
#pragma GCC visibility pop

namespace vmlab::inside {

void* aligned_block(std::size_t alignment, std::size_t size, const void* caller) {
    return must_fail(caller) ? nullptr : (*next_memalign)(alignment, size);
}

void* nothrow_new(std::size_t size, std::size_t alignment, const void* caller) {
    return new_must_fail(caller, size) ? nullptr : made_by_new(size, alignment);
}

void* plain_new(std::size_t size, std::size_t alignment, const void* caller) {
    if (plain_new_gives_null && new_must_fail(caller, size)) {
        return nullptr;
    }
    void* block = made_by_new(size, alignment);
    if (block == nullptr) {
        std::__throw_bad_alloc();  // this library is built without exceptions: libstdc++ throws for it
    }
    return block;
}

}  // namespace vmlab::inside

#pragma once

#include <cstddef>
#include <cstdint>

// What a preloaded allocator (counts_blocks.cpp) and the grader (evidence/memcheck/native_blocks.cpp) agree
// on: a piece of memory that both have mapped. It begins with a BlockLog; BlockRecords follow it without a
// gap.

namespace vmlab::inside {

struct BlockRecord {
    enum Kind : std::uint64_t {
        unwritten = 0,  ///< the program ended while it was being written
        by_program,     ///< a block was taken by the program's own code
        by_new,         ///< a block was taken by a library's new: a std::string's, a memory resource's
        by_library,     ///< a block was taken by a library's malloc
        given_back,
    };
    std::uint64_t kind;
    std::uint64_t address;
    std::uint64_t size;  ///< in bytes, as asked for; of a block that is given back 0
};

struct BlockLog {
    static constexpr std::uint64_t open_sign = 0x766d'6c61'6221'0001;

    std::uint64_t sign;        ///< open_sign: the program's blocks are heard of
    std::uint64_t own_malloc;  ///< 1: libraries, too, get their blocks from the program's own code
    std::uint64_t records;     ///< how many were to be written; those that found no room are not there
};

inline constexpr std::size_t block_log_bytes = 48U << 20U;
inline constexpr std::uint64_t most_block_records =
    (block_log_bytes - sizeof(BlockLog)) / sizeof(BlockRecord);

}  // namespace vmlab::inside

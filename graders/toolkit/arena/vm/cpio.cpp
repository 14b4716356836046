#include "arena/vm/cpio.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <iterator>

namespace vmlab::arena {
namespace {

constexpr std::size_t alignment = 4;

void pad(std::string& archive) {
    archive.append((alignment - archive.size() % alignment) % alignment, '\0');
}

}  // namespace

void Cpio::add(std::string_view name, unsigned mode, std::string_view content, unsigned major,
               unsigned minor) {
    // Magic, inode, mode, uid, gid, links, time, size, device, device of a node, length of the name,
    // checksum.
    fmt::format_to(std::back_inserter(archive_),
                   "070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}",
                   count_++, mode, 0, 0, 1, 0, content.size(), 0, 0, major, minor, name.size() + 1, 0);
    archive_.append(name).push_back('\0');
    pad(archive_);
    archive_.append(content);
    pad(archive_);
}

void Cpio::add_folders_above(const std::string& path) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        folder(path.substr(0, slash));
    }
}

void Cpio::folder(const std::string& path, unsigned mode) {
    if (present_.contains(path)) {
        return;
    }
    add_folders_above(path);
    present_.insert(path);
    add(path.substr(1), S_IFDIR | mode, {});
}

void Cpio::file(const std::string& path, std::string_view content, unsigned mode) {
    add_folders_above(path);
    add(path.substr(1), S_IFREG | mode, content);
}

void Cpio::character_device(const std::string& path, unsigned major, unsigned minor, unsigned mode) {
    add_folders_above(path);
    add(path.substr(1), S_IFCHR | mode, {}, major, minor);
}

std::string Cpio::finish() && {
    add("TRAILER!!!", 0, {});
    return std::move(archive_);
}

}  // namespace vmlab::arena

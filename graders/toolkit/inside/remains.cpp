// What a run may have left where every user may write. The run's own user removes it, so that nothing but its
// own can go.

#include "remains.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <initializer_list>

namespace vmlab::inside {

namespace {

/// Folders within folders, down to here, are gone through with a descriptor for each. What lies deeper is
/// moved up and gone through in the next pass.
constexpr int deepest = 200;
/// Each pass takes `deepest` levels off; a path in a folder of 64 MiB does not get longer than this.
constexpr int most_passes = 2000;

struct Sweep {
    int top;     ///< the folder that was begun with: everything too deep is moved here
    bool moved;  ///< whether there is something for the next pass
};

bool is_dot(const char* name) {
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void sweep_folder(Sweep& sweep, int folder, int depth);

void remove_own_folder(Sweep& sweep, int parent, const char* name, int depth) {
    // Its owner may have taken its own rights away.
    fchmodat(parent, name, 0700, 0);
    if (depth >= deepest) {
        // A new name each time: in the next pass this one may be on the way to what is deeper still.
        static unsigned counter = 0;
        char moved[64];
        snprintf(moved, sizeof moved, "vmlab-deep-%d-%u", static_cast<int>(getpid()), counter++);
        sweep.moved = renameat(parent, name, sweep.top, moved) == 0 || sweep.moved;
        return;
    }
    const int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder >= 0) {
        sweep_folder(sweep, folder, depth + 1);
    }
    unlinkat(parent, name, AT_REMOVEDIR);
}

void sweep_entry(Sweep& sweep, int folder, const char* name, int depth) {
    struct stat facts {};
    if (fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
    }
    if (facts.st_uid == geteuid()) {
        if (S_ISDIR(facts.st_mode)) {
            remove_own_folder(sweep, folder, name, depth);
        } else {
            unlinkat(folder, name, 0);
        }
        return;
    }
    // Somebody else's folder, in which every user may make files.
    if (S_ISDIR(facts.st_mode) && (facts.st_mode & S_IWOTH) != 0 && depth < deepest) {
        const int open_to_all = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (open_to_all >= 0) {
            sweep_folder(sweep, open_to_all, depth + 1);
        }
    }
}

/// Closes `folder`.
void sweep_folder(Sweep& sweep, int folder, int depth) {
    DIR* entries = fdopendir(folder);
    if (entries == nullptr) {
        close(folder);
        return;
    }
    while (const dirent* entry = readdir(entries)) {
        if (!is_dot(entry->d_name)) {
            sweep_entry(sweep, folder, entry->d_name, depth);
        }
    }
    closedir(entries);
}

void sweep_all_of(const char* path) {
    for (int pass = 0; pass < most_passes; ++pass) {
        const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0) {
            return;
        }
        Sweep sweep{open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), false};
        sweep_folder(sweep, folder, 0);
        close(sweep.top);
        if (!sweep.moved) {
            return;
        }
    }
}

/// Reads a table of /proc/sysvipc: `uid_column` counts from 0, the creator's uid stands two columns on.
void remove_objects(const char* table, int uid_column, void (*remove)(int id)) {
    FILE* file = fopen(table, "re");
    if (file == nullptr) {
        return;
    }
    char line[512];
    while (fgets(line, sizeof line, file) != nullptr) {
        long values[16] = {};
        int count = 0;
        char* rest = nullptr;
        for (char* word = strtok_r(line, " \n", &rest); word != nullptr && count < 16;
             word = strtok_r(nullptr, " \n", &rest)) {
            values[count++] = strtol(word, nullptr, 10);
        }
        const long us = static_cast<long>(geteuid());
        // The heading's words read as 0, and nobody who gets here is user 0.
        if (count > uid_column + 2 && (values[uid_column] == us || values[uid_column + 2] == us)) {
            remove(static_cast<int>(values[1]));
        }
    }
    fclose(file);
}

}  // namespace

void remove_remains() {
    if (geteuid() == 0) {
        return;
    }
    for (const char* folder :
         {".", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/var/crash"}) {
        sweep_all_of(folder);
    }
    remove_objects("/proc/sysvipc/shm", 7, [](int id) { shmctl(id, IPC_RMID, nullptr); });
    remove_objects("/proc/sysvipc/msg", 7, [](int id) { msgctl(id, IPC_RMID, nullptr); });
    remove_objects("/proc/sysvipc/sem", 4, [](int id) { semctl(id, 0, IPC_RMID); });
}

}  // namespace vmlab::inside

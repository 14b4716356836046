# shellcheck shell=bash disable=SC2154
# Whether what is built is up to date. Content decides, not time stamps: a checkout may be copied, moved, cloned or come
# out of an archive, and a build folder out of a cache. Sourced; `root` is the checkout, `build` the build folder.
#
#   $build/built/TARGET     the key that the target was built with
#   $build/built/libraries  what the loader found for vmlab when it was built
#   $build/built/compiler   and by which compilers
#   $build/built/place      where it was configured, and how
#   $build/built/sources    the hash and the time stamp of each source at the last build

# What the build reads, relative to the checkout, each ended by a zero byte.
sources() {
    (cd "$root" && find CMakeLists.txt CMakePresets.json include graders \
        \( -path '*/wrong' -o -path '*/variants' -o -path '*/solution' -o -path '*/starter' -o -path graders/tests \) -prune -o \
        -type f \( -name '*.cpp' -o -name '*.hpp' -o -name CMakeLists.txt -o -name CMakePresets.json \) \
        ! -name '*_test.cpp' -print0)
}

hashes_of_sources() { (cd "$root" && sources | LC_ALL=C sort -z | xargs -0 sha256sum); }

# The compilers: of vmlab, and of students' programs (a header of theirs is compiled in advance). Which files they are,
# and how long: that takes no time, and the name holds the version.
compiler() {
    echo "${CXX:-c++}"
    # shellcheck disable=SC2086,SC2046  # CXX may be several words
    stat -c '%n %s' $(readlink -f $(type -P ${CXX:-c++} g++)) 2>/dev/null || true
}

key() {
    local hash
    hash=$({ hashes_of_sources; compiler; } | sha256sum)
    echo "${hash%% *}"
}

# The libraries that the loader finds for a program, and their sizes. After an upgrade of the system some are not found.
libraries_of() {
    local -a found
    # What ldd does.
    mapfile -t found < <(LC_ALL=C LD_TRACE_LOADED_OBJECTS=1 "$1" 2>/dev/null | sed -n 's/^.* => \(\/.*\) (0x[0-9a-f]*)$/\1/p')
    [ ${#found[@]} -eq 0 ] || stat -Lc '%n %s' "${found[@]}"
}

contents_are() { [ -r "$1" ] && [ "$(<"$1")" = "$2" ]; }

# is_built KEY TARGET: a quarter of a tenth of a second, most of it for the loader.
is_built() { contents_are "$build/built/$2" "$1"; }
runs_here() { [ -x "$build/vmlab" ] && contents_are "$build/built/libraries" "$(libraries_of "$build/vmlab")"; }

# Everything in the build folder is of another place, another compiler or other libraries: nothing of it can be used.
start_afresh() {
    find "$build" -mindepth 1 -maxdepth 1 ! -name lock -exec rm -rf {} +
    mkdir -p "$build/built"
}

# A line for each source: its hash, its time, its name.
list_sources() {
    local -A times
    local hash time file
    while IFS=' ' read -r -d '' time file; do
        times[$file]=$time
    done < <(cd "$root" && sources | xargs -0 stat --printf '%.9Y %n\0')
    while IFS=' ' read -r hash file; do
        echo "$hash ${times[$file]} $file"
    done < <(hashes_of_sources)
}

# Before each build, since Ninja goes by time stamps: a source that is what it was at the last build gets back the time that it had
# then; one that is not, but looks old, or is of the future, gets the present. Writes down what they are now. (What
# cannot be written to stays as it is.)
settle_time_stamps() {
    local -A hashes times
    local hash time file now last=0
    if [ -e "$build/built/sources" ]; then
        last=$(stat -c %.9Y "$build/built/sources")
        while IFS=' ' read -r hash time file; do
            hashes[$file]=$hash times[$file]=$time
        done <"$build/built/sources"
    fi
    now=$(date +%s.%N)
    while IFS=' ' read -r hash time file; do
        if [ "${hashes[$file]:-}" = "$hash" ]; then
            [ "${times[$file]}" = "$time" ] || touch -d "@${times[$file]}" "$root/$file" 2>/dev/null || true
        elif is_later "$time" "$now" || { [ "$last" != 0 ] && is_later "$last" "$time"; }; then
            touch "$root/$file" 2>/dev/null || true
        fi
    done < <(list_sources)
    list_sources >"$build/built/sources"
}

# is_later A B: of two times in seconds with nine digits behind the point.
is_later() { ((10#${1/./} > 10#${2/./})); }

# remember KEY TARGET...: after they were built.
remember() {
    local key=$1 target file
    shift
    libraries_of "$build/vmlab" >"$build/built/libraries"
    for target; do
        echo "$key" >"$build/built/$target"
        if [ "$target" = all ]; then
            for file in "$build"/graders/*-checks; do
                echo "$key" >"$build/built/${file##*/}"
            done
        fi
    done
}

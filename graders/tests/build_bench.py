"""What scripts/bench --build measures: a copy of the checkout, built from nothing as scripts/lab builds it."""
import collections
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

# A compiler launcher: writes down the CPU time of each compilation. Ninja's log knows the wall clock only.
LAUNCHER = """#!/bin/bash
for word; do [ "${previous:-}" != -o ] || output=$word; previous=$word; done
TIMEFORMAT="%U %S ${output:-}"
{ time "$@" 2>&3; } 3>&2 2>>"$VMLAB_BENCH_TIMES"
"""


class Stopwatch:
    def __init__(self):
        self.rows = []

    def run(self, what, command, folder, accepted=(0,)):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in accepted:
            sys.exit(f"{what} failed:\n" + done.stdout.decode(errors="replace")[-2000:])
        self.rows.append((what, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
        print(f"| {what} | {wall:.1f} s | {self.rows[-1][2]:.1f} s |", flush=True)

    def total(self, what):
        print(f"| {what} | {sum(row[1] for row in self.rows):.1f} s | {sum(row[2] for row in self.rows):.1f} s |", flush=True)


def copy_of(root, target):
    """The files that git knows or would take."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            stdout=subprocess.PIPE, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and os.path.exists(f"{root}/{name}"):
            os.makedirs(os.path.dirname(f"{target}/{name}"), exist_ok=True)
            shutil.copy2(f"{root}/{name}", f"{target}/{name}")


def show_files(times):
    seconds = {}
    with open(times, encoding="utf-8") as file:
        for user, system, output in (line.split(maxsplit=2) for line in file if len(line.split()) == 3):
            seconds[output.strip()] = float(user) + float(system)
    targets = collections.Counter()
    for output, value in seconds.items():
        targets[output.split("CMakeFiles/")[1].split(".dir/")[0] if "CMakeFiles/" in output else "others"] += value
    print("\n| target | CPU |\n|---|---|")
    for target, value in targets.most_common():
        print(f"| {target} | {value:.1f} s |")
    print("\n| the ten dearest files | CPU |\n|---|---|")
    for output, value in sorted(seconds.items(), key=lambda pair: -pair[1])[:10]:
        name = output.replace("CMakeFiles/", "").replace(".dir/", ": ").removesuffix(".o")
        print(f"| {name} | {value:.1f} s |")


def measure(root):
    scratch = tempfile.mkdtemp(prefix="vmlab-bench-")
    try:
        tree, build = f"{scratch}/vmlab", f"{scratch}/vmlab/build/lab"
        copy_of(root, tree)
        with open(f"{scratch}/launcher", "w", encoding="ascii") as file:
            file.write(LAUNCHER)
        os.chmod(f"{scratch}/launcher", 0o755)
        os.environ.update(VMLAB_BENCH_TIMES=f"{scratch}/times", CMAKE_CXX_COMPILER_LAUNCHER=f"{scratch}/launcher",
                          XDG_STATE_HOME=f"{scratch}/state", VMLAB_ROOT=tree)
        watch = Stopwatch()
        print("| step | wall | CPU |\n|---|---|---|")
        watch.run("configure", ["cmake", "--preset", "lab"], tree)
        watch.run("build vmlab, to the dashboard", ["cmake", "--build", build, "--target", "vmlab"], tree)
        watch.run("build the grader of activity 1", ["cmake", "--build", build, "--target", "01-heap-growth-checks"], tree)
        watch.run("grade activity 1 (the starter)", [f"{build}/vmlab", "grade", "1"], tree, (0, 1, 3))
        watch.total("to the first score")
        watch.run("build all other graders", ["cmake", "--build", build], tree)
        watch.total("everything")
        show_files(f"{scratch}/times")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)

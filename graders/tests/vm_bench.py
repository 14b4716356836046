"""The VM arena's figures, for scripts/bench: drives vm_bench (vm_bench.cpp) and, in turn with it, a naive boot of the same kernel."""
import glob
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# The init of the naive machine: becomes a program that takes memory until the kernel ends it.
NAIVE_INIT = r"""
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
    if (fork() == 0)
        for (;;) {
            char* memory = malloc(1 << 20);
            if (memory != 0)
                memset(memory, 1, 1 << 20);
        }
    wait(0);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
"""


def kernel():
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "vmlab/vm/kernel/boot")
    images = sorted(glob.glob(f"{cache}/vmlinuz-*"))
    image = os.environ.get("VMLAB_KERNEL") or (images[-1] if images else None)
    if not image:
        sys.exit("no kernel for the VM arena: scripts/setup --vm")
    return image


def entry(name, content, mode):
    """A member of a cpio archive (newc)."""
    fields = [0, mode, 0, 0, 1, 0, len(content), 0, 0, 5, 1, len(name) + 1, 0]
    head = b"070701" + "".join(f"{field:08x}" for field in fields).encode() + name.encode() + b"\0"
    return head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4)


class Naive:
    """What the first recipe on the web gives: q35, the compressed kernel, a gzipped initramfs, booted for each run."""

    def __init__(self, scratch):
        self.kernel = kernel()
        self.initramfs = f"{scratch}/naive.cpio.gz"
        source, init = f"{scratch}/init.c", f"{scratch}/init"
        with open(source, "w", encoding="ascii") as file:
            file.write(NAIVE_INIT)
        subprocess.run(["gcc", "-static", "-o", init, source], check=True)
        with open(init, "rb") as file:
            archive = (entry("dev", b"", 0o40755) + entry("dev/console", b"", 0o20600) + entry("init", file.read(), 0o100755) +
                       entry("TRAILER!!!", b"", 0))
        with gzip.open(self.initramfs, "wb") as file:
            file.write(archive)

    def run_once(self):
        """Seconds until the kernel's log tells of the kill; none when it never does."""
        command = ["qemu-system-x86_64", "-M", "q35,accel=tcg", "-m", "128M", "-nodefaults", "-display", "none", "-no-reboot",
                   "-serial", "stdio", "-kernel", self.kernel, "-initrd", self.initramfs, "-append", "console=ttyS0 panic=-1"]
        began = time.monotonic()
        machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            for line in machine.stdout:
                if b"Killed process" in line:
                    return time.monotonic() - began
            return None
        finally:
            machine.kill()
            machine.wait()


class Driver:
    """vm_bench, as often as it is asked."""

    def __init__(self, root):
        build = f"{root}/build/lab"
        made = subprocess.run(["cmake", "--build", build, "--target", "vm_bench"], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if made.returncode != 0:
            sys.exit(made.stdout.decode()[-2000:])
        self.command = [f"{build}/graders/vm_bench", f"{build}/support"]

    def start(self, runs, *options):
        return subprocess.Popen([*self.command, str(runs), *options], stdout=subprocess.PIPE, text=True)

    @staticmethod
    def read(running):
        """What was done: (what, seconds, whether it was right)."""
        rows = [line.split(maxsplit=3) for line in running.communicate()[0].splitlines()]
        for row in rows:
            if row[2] != "right":
                print("wrong:", " ".join(row), flush=True)
        if not rows:
            sys.exit("the VM arena does not work here: scripts/lab doctor")
        return [(row[0], float(row[1]), row[2] == "right") for row in rows]

    def run(self, runs, *options):
        return self.read(self.start(runs, *options))


def seconds_of(rows, what="run"):
    return [seconds for name, seconds, right in rows if name == what and right]


def size_of(folder):
    return sum(os.stat(os.path.join(path, name)).st_blocks * 512 for path, _, names in os.walk(folder) for name in names)


def row(name, values, wrong=0):
    if not values:
        print(f"| {name} | - | - | 0 | {wrong} |")
        return
    p95 = sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]
    print(f"| {name} | {statistics.median(values):.2f} s | {p95:.2f} s | {len(values)} | {wrong} |", flush=True)


def measure(root, rounds):
    scratch = tempfile.mkdtemp(prefix="vmlab-bench-")
    try:
        driver, naive = Driver(root), Naive(scratch)
        driver.run(1)  # whatever is not in the cache yet
        alone, pairs, cold, plain, wrong = [], [], [], [], [0, 0, 0, 0]
        # In rounds of five each, so that what else the machine does falls on all of them.
        try:
            for _ in range(-(-rounds // 5)):
                rows = driver.run(5)
                alone += seconds_of(rows)
                wrong[0] += sum(not right for _, _, right in rows)
                both = [driver.start(5), driver.start(5)]
                for rows in [driver.read(running) for running in both]:
                    pairs += seconds_of(rows)
                    wrong[1] += sum(not right for _, _, right in rows)
                rows = driver.run(5, "--boot")
                cold += seconds_of(rows)
                wrong[2] += sum(not right for _, _, right in rows)
                boots = [naive.run_once() for _ in range(5)]
                plain += [seconds for seconds in boots if seconds]
                wrong[3] += boots.count(None)
        except KeyboardInterrupt:
            print("(interrupted: what was measured until then)")
        image, first, sizes = [], [], []
        for i in range(5):
            cache = f"{scratch}/cache-{i}"
            os.mkdir(cache)
            rows = driver.run(1, "--cache", cache)
            image += seconds_of(rows, "open")
            first += seconds_of(rows)
            sizes.append(size_of(cache))
            shutil.rmtree(cache)
        print("| a machine of 128 MiB that runs out of memory | median | p95 | runs | wrong |\n|---|---|---|---|---|")
        row("restored from the snapshot, one at a time", alone, wrong[0])
        row("restored from the snapshot, two at a time", pairs, wrong[1])
        row("booted for the run, by the arena", cold, wrong[2])
        row("naive boot (q35, bzImage, gzipped cpio), to the kernel's line on the console", plain, wrong[3])
        row("first use, part 1: making the guest's files", image)
        row("first use, part 2: boot, snapshot, restore, verdict", first)
        print(f"\nThe cache then holds {statistics.median(sizes) / 2**20:.0f} MiB on the disk, without the kernel's package.")
        return sum(wrong[:3])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def restore(root, times):
    rows = Driver(root).run(times)
    wrong = sum(not right for _, _, right in rows)
    print(f"{len(seconds_of(rows)) + wrong} restores in a row: {wrong} failures, median "
          f"{statistics.median(seconds_of(rows)):.2f} s")
    return wrong

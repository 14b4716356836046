"""A machine that has other things to do: every processor busy, and memory taken, given back and taken again.

The memory lies in a cgroup of at most 2 GiB, so the machine itself cannot run short. Needs root.
"""
import mmap
import os
import signal
import subprocess
import sys
import time

LIMIT = 2 << 30
BLOCK = 64 << 20


class Group:
    """A memory cgroup, version 1 or 2, for one process and what it starts."""

    def __init__(self):
        first = os.path.exists("/sys/fs/cgroup/memory/cgroup.procs")
        top = "/sys/fs/cgroup/memory" if first else "/sys/fs/cgroup"
        self.path = f"{top}/validity-load-{os.getpid()}"
        os.mkdir(self.path)
        self._write("memory.limit_in_bytes" if first else "memory.max", LIMIT)

    def _write(self, name, value):
        with open(f"{self.path}/{name}", "w", encoding="ascii") as file:
            file.write(str(value))

    def enter(self):
        self._write("cgroup.procs", 0)

    def remove(self):
        for _ in range(100):
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.05)


class Load:
    """While it is entered, the machine is loaded."""

    def __init__(self):
        self.children = []

    def __enter__(self):
        self.group = Group()
        spin = [sys.executable, "-c", "while True: pass"]
        fill = [sys.executable, os.path.abspath(__file__)]
        for command in [spin] * (os.cpu_count() or 1) + [fill]:
            # A session of its own, as other users' work has: the kernel shares processors out by session (sched(7)).
            self.children.append(subprocess.Popen(command, preexec_fn=self.group.enter, start_new_session=True))
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait()
        self.group.remove()


def fill():
    """Takes memory up to just below the limit, page by page, gives it all back, and begins again."""
    parent = os.getppid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while os.getppid() == parent:
        blocks = []
        for _ in range((LIMIT - 4 * BLOCK) // BLOCK):
            block = mmap.mmap(-1, BLOCK)
            for offset in range(0, BLOCK, mmap.PAGESIZE):
                block[offset] = 1
            blocks.append(block)


if __name__ == "__main__":
    fill()

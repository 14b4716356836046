"""Gradings and their results, kept in a folder so that an interrupted run goes on where it stopped."""
import hashlib
import json
import os
import subprocess
import tempfile
import threading
import time


class Graders:
    """The built vmlab, and what identifies the grader of each activity: the program that judges."""

    def __init__(self, vmlab):
        self.vmlab = vmlab
        self.folder = os.path.join(os.path.dirname(vmlab), "graders")
        self.known = {}

    def hash(self, activity):
        if activity not in self.known:
            with open(f"{self.folder}/{activity}-checks", "rb") as file:
                self.known[activity] = hashlib.sha256(file.read()).hexdigest()[:16]
        return self.known[activity]

    def grade(self, submission):
        """{accepted, score, judged, verdicts, seconds}, or None when vmlab gave no result."""
        with tempfile.TemporaryDirectory(prefix="validity-") as folder:
            for name, content in submission.files:
                with open(f"{folder}/{name}", "wb") as file:
                    file.write(content)
            began = time.monotonic()
            done = subprocess.run([self.vmlab, "grade", str(submission.number), "--submission", folder, "--format", "json"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            seconds = time.monotonic() - began
        try:
            activity = json.loads(done.stdout)["activities"][0]
        except (ValueError, KeyError, IndexError):
            return None
        verdicts = [[check["name"], check["outcome"], check.get("reason")] for check in activity["checks"]]
        outcomes = {outcome for _, outcome, _ in verdicts}
        for seen in sorted({check["card"]["observed"] for check in activity["checks"] if check["outcome"] == "grader-error"}):
            print(f"grader-error: {submission.activity} {submission.kind} {submission.name}: {seen}", flush=True)
        return {"accepted": outcomes <= {"passed", "cannot-judge"}, "score": activity["score"],
                "judged": activity["judged_max_score"], "verdicts": verdicts, "seconds": round(seconds, 3)}


class Store:
    """One line of JSON for each grading, in a file for each grader and kind of run."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        os.makedirs(folder, exist_ok=True)

    def read(self, name):
        try:
            with open(f"{self.folder}/{name}.jsonl", encoding="utf-8") as file:
                return [json.loads(line) for line in file if line.endswith("}\n")]
        except FileNotFoundError:
            return []

    def read_all(self, activity):
        """The rows of every grader that the activity has had."""
        names = [name[:-len(".jsonl")] for name in os.listdir(self.folder) if name.startswith(f"{activity}-")]
        return [row for name in sorted(names) for row in self.read(name)]

    def add(self, name, row):
        with self.lock, open(f"{self.folder}/{name}.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

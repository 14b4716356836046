"""The submissions to grade: solutions, variants, wrong ones and starters of this tree, and mutants of the solutions."""
import collections
import glob
import hashlib
import os
import random
import subprocess
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from answer_mutants import mutants_of_answers
from source_mutants import mutants_of_source

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


@dataclass(frozen=True)
class Submission:
    activity: str  # 01-heap-growth
    kind: str  # solution, variant, wrong, starter, mutant
    name: str
    files: tuple  # ((name, bytes), ...), by name

    @property
    def number(self):
        return int(self.activity[:2])

    @property
    def hash(self):
        digest = hashlib.sha256(self.activity.encode())
        for name, content in self.files:
            digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()[:24]


def activities(root=ROOT):
    return sorted(os.path.basename(path) for path in glob.glob(f"{root}/activities/[0-9][0-9]-*"))


def files_in(folder):
    found = {}
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.isfile(path) and name != "variant.toml":
            with open(path, "rb") as file:
                found[name] = file.read()
    return found


def edited(text, edits):
    """The text with every edit made; each `was` stands exactly once in the text as it is before any of them."""
    places = []
    for edit in edits:
        if text.count(edit["was"]) != 1:
            raise ValueError(f"`was` stands {text.count(edit['was'])} times, not once: {edit['was']}")
        places.append((text.index(edit["was"]), edit))
    result, end = "", 0
    for at, edit in sorted(places, key=lambda place: place[0]):
        if at < end:
            raise ValueError(f"two edits change the same place: {edit['was']}")
        result += text[end:at] + edit["now"]
        end = at + len(edit["was"])
    return result + text[end:]


def wrong_files(grader, name):
    """The files of graders/NN-slug/wrong/NAME.toml: those of the solution, with what it changes."""
    with open(f"{grader}/wrong/{name}.toml", "rb") as file:
        wrong = tomllib.load(file)
    files = files_in(f"{grader}/solution")
    for starter in wrong.get("starter", []):
        files[starter] = files_in(f"{grader}/starter")[starter]
    for changed in {edit["file"] for edit in wrong.get("edit", [])}:
        edits = [edit for edit in wrong["edit"] if edit["file"] == changed]
        files[changed] = edited(files[changed].decode(), edits).encode()
    if os.path.isdir(f"{grader}/wrong/{name}"):
        files.update(files_in(f"{grader}/wrong/{name}"))
    return {file: content for file, content in files.items() if file not in wrong.get("without", [])}


def submission(activity, kind, name, files):
    return Submission(activity, kind, name, tuple(sorted(files.items())))


def known_submissions(activity, root=ROOT):
    """Those of the tree, whose grade is known: (submission, ...)."""
    grader = f"{root}/graders/{activity}"
    solution = files_in(f"{grader}/solution")
    found = [submission(activity, "solution", "solution", solution)]
    for path in sorted(glob.glob(f"{grader}/variants/*/")):
        found.append(submission(activity, "variant", os.path.basename(path[:-1]), {**solution, **files_in(path)}))
    for path in sorted(glob.glob(f"{grader}/wrong/*.toml")):
        name = os.path.basename(path).removesuffix(".toml")
        found.append(submission(activity, "wrong", name, wrong_files(grader, name)))
    starter = files_in(f"{root}/activities/{activity}")
    starter = {name: content for name, content in starter.items() if name in solution}
    return found + [submission(activity, "starter", "starter", starter)]


def generated(activity, root=ROOT):
    """Every mutant of the activity's solution, before the compiler has had a look."""
    found = []
    for name, content in sorted(files_in(f"{root}/graders/{activity}/solution").items()):
        found += (mutants_of_answers if name.endswith(".toml") else mutants_of_source)(name, content.decode())
    return found


def sampled(mutants, size, seed):
    """So many of them, every file and operator in turn, so that a small sample holds some of each."""
    if not size or size >= len(mutants):
        return mutants
    groups = collections.defaultdict(list)
    for mutant in mutants:
        groups[mutant.file, mutant.operator].append(mutant)
    draw = random.Random(seed)
    for group in groups.values():
        draw.shuffle(group)
    chosen = []
    while len(chosen) < size:
        for key in sorted(groups):
            if groups[key] and len(chosen) < size:
                chosen.append(groups[key].pop())
    order = {mutant.name: i for i, mutant in enumerate(mutants)}
    return sorted(chosen, key=lambda mutant: order[mutant.name])


class Compiler:
    """Tells which mutants are programs, and which of them the same one. Compiles; runs nothing."""

    FLAGS = ["-std=c++20", "-O0", "-g0", "-w", "-fno-ident"]

    def __init__(self, folder):
        self.headers = f"{folder}/headers"
        self.objects = f"{folder}/objects"
        os.makedirs(self.objects, exist_ok=True)

    def _prepare(self):
        """fmt's header, compiled once: g++ takes it because it is the first include."""
        target = f"{self.headers}/fmt/core.h.gch"
        if not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            subprocess.run(["g++", *self.FLAGS, "-x", "c++-header", "/usr/include/fmt/core.h", "-o", f"{target}.new"], check=True)
            os.rename(f"{target}.new", target)

    def fingerprint(self, text):
        """The hash of what the compiler makes of it; empty when it refuses."""
        kept = f"{self.objects}/{hashlib.sha256(text.encode()).hexdigest()[:24]}"
        if os.path.exists(kept):
            with open(kept, encoding="ascii") as file:
                return file.read()
        done = subprocess.run(["g++", *self.FLAGS, "-I", self.headers, "-x", "c++", "-S", "-o", "-", "-"],
                              input=text.encode(), capture_output=True, check=False)
        found = hashlib.sha256(done.stdout).hexdigest()[:24] if done.returncode == 0 else ""
        with open(f"{kept}.new", "w", encoding="ascii") as file:
            file.write(found)
        os.rename(f"{kept}.new", kept)
        return found

    def distinct(self, mutants, originals, jobs):
        """(those worth grading, how many did not compile, how many are the same program as the solution or another)."""
        self._prepare()
        sources = [mutant for mutant in mutants if mutant.file.endswith(".cpp")]
        with ThreadPoolExecutor(jobs) as pool:
            prints = dict(zip([mutant.name for mutant in sources], pool.map(lambda m: self.fingerprint(m.text), sources)))
            seen = set(pool.map(self.fingerprint, originals))
        kept, refused, same = [], 0, 0
        for mutant in mutants:
            print_ = prints.get(mutant.name)
            if print_ == "":
                refused += 1
            elif print_ in seen:
                same += 1
            else:
                kept.append(mutant)
                if print_:
                    seen.add(print_)
        return kept, refused, same


def mutant_submissions(activity, mutants, root=ROOT):
    solution = files_in(f"{root}/graders/{activity}/solution")
    return [submission(activity, "mutant", mutant.name, {**solution, mutant.file: mutant.text.encode()}) for mutant in mutants]


def sources_of(activity, root=ROOT):
    return [content.decode() for name, content in sorted(files_in(f"{root}/graders/{activity}/solution").items())
            if name.endswith(".cpp")]


def equivalents(activity, root=ROOT):
    """graders/NN-slug/equivalent.toml: the name of each mutant that is no fault, and why."""
    path = f"{root}/graders/{activity}/equivalent.toml"
    if not os.path.exists(path):
        return {}
    with open(path, "rb") as file:
        groups = tomllib.load(file).get("equivalent", [])
    return {name: group["why"] for group in groups for name in group["mutants"]}

"""Grades mutants and known submissions once, and some of them again and again."""
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import corpus
from load import Load


@dataclass
class Measured:
    """What is known of one activity."""
    activity: str
    refused: int = 0  # mutants that do not compile
    same: int = 0  # mutants that compile to the same program as the solution or as another mutant
    generated: int = 0
    wanted: list = field(default_factory=list)  # the submissions that were to be graded
    results: dict = field(default_factory=dict)  # submission -> the row kept of it


def worth_grading(activity, compiler, options):
    mutants = corpus.generated(activity)
    kept, refused, same = compiler.distinct(mutants, corpus.sources_of(activity), options.jobs)
    return corpus.sampled(kept, options.sample, options.seed), refused, same, len(mutants)


def grade_once(submissions, graders, store, options):
    """Each submission's row: the kept one of the same grader, or a new one."""
    activity = submissions[0].activity
    name = f"{activity}-{graders.hash(activity)}"
    kept = {}
    if options.older:
        kept = {row["hash"]: row for row in store.read_all(activity) if row["kind"] == "mutant" and not row["accepted"]}
    kept.update({row["hash"]: row for row in store.read("repeated") if row["grader"] == graders.hash(activity)})
    kept.update({row["hash"]: row for row in store.read(name)})
    missing = [each for each in submissions if each.hash not in kept]
    if options.report:
        missing = []

    def grade(each):
        row = graders.grade(each)
        if row is not None:
            row = {"hash": each.hash, "kind": each.kind, "name": each.name, **row}
            store.add(name, row)
        return each, row

    with ThreadPoolExecutor(options.jobs) as pool:
        for i, (each, row) in enumerate(pool.map(grade, missing), 1):
            if row is None:
                print(f"no result: {activity} {each.kind} {each.name}", file=sys.stderr)
                continue
            kept[each.hash] = row
            if i % 20 == 0 or i == len(missing):
                print(f"{time.strftime('%H:%M:%S')} {activity}: {i} of {len(missing)} graded", file=sys.stderr, flush=True)
    return {each: kept[each.hash] for each in submissions if each.hash in kept}


def all_of(chosen, graders, store, compiler, options):
    measured = []
    for activity in chosen:
        mutants, refused, same, generated = worth_grading(activity, compiler, options)
        wanted = corpus.mutant_submissions(activity, mutants) + corpus.known_submissions(activity)
        one = Measured(activity, refused, same, generated, wanted)
        one.results = grade_once(wanted, graders, store, options)
        measured.append(one)
    return measured


def repeat(chosen, graders, store, options):
    """Grades known submissions in a drawn order, round after round, until so many gradings are kept. Of every
    80 gradings the last 20 are made under load, unless the options say otherwise."""
    each_of_all = [each for activity in chosen for each in corpus.known_submissions(activity)]
    random.Random(options.seed).shuffle(each_of_all)
    done = len(store.read("repeated"))

    def grade(position, loaded):
        each = each_of_all[position % len(each_of_all)]
        row = graders.grade(each)
        if row is not None:
            store.add("repeated", {"hash": each.hash, "activity": each.activity, "grader": graders.hash(each.activity),
                                   "kind": each.kind, "name": each.name, "loaded": loaded, **row})

    with ThreadPoolExecutor(options.jobs) as pool:
        while done < options.repeat:
            loaded = options.load == "always" or (options.load == "sometimes" and done // 20 % 4 == 3)
            stretch = range(done, min(options.repeat, (done // 20 + 1) * 20))
            if loaded:
                with Load():
                    list(pool.map(grade, stretch, [True] * len(stretch)))
            else:
                list(pool.map(grade, stretch, [False] * len(stretch)))
            done = max(stretch[-1] + 1, len(store.read("repeated")))
            print(f"{time.strftime('%H:%M:%S')} {done} of {options.repeat} repeated gradings", file=sys.stderr, flush=True)

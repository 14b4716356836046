"""The table of what was measured, and the judgement on it."""
import collections

import corpus


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def mutation_row(one, faults):
    """Prints the row of one activity; appends to `faults` what must not be."""
    known = corpus.equivalents(one.activity)
    killed = equivalent = survived = 0
    mutants = [each for each in one.wanted if each.kind == "mutant"]
    for each in mutants:
        row = one.results.get(each)
        if row is None:
            faults.append(f"not graded: {one.activity}: {each.name}")
        elif each.name in known:
            equivalent += 1
            if not row["accepted"]:
                faults.append(f"listed as equivalent, yet refused: {one.activity}: {each.name}: {not_passed(row)}")
        elif row["accepted"]:
            survived += 1
            faults.append(f"survived: {one.activity}: {each.name}")
        else:
            killed += 1
    print(f"| {one.activity} | {one.generated} | {one.refused} | {one.same} | {len(mutants)} | {killed} | {equivalent} "
          f"| {survived} |")
    unused = set(known) - {mutant.name for mutant in corpus.generated(one.activity)}
    faults += [f"in equivalent.toml, but no such mutant: {one.activity}: {name}" for name in sorted(unused)]
    return killed, equivalent, survived


def not_passed(row):
    return ", ".join(f"{name} {outcome}" for name, outcome, _ in row["verdicts"] if outcome not in ("passed", "cannot-judge"))


def confusion(measured, faults):
    counts = collections.Counter()
    for one in measured:
        known = corpus.equivalents(one.activity)
        for each, row in one.results.items():
            correct = each.kind in ("solution", "variant")
            if each.kind == "mutant" and each.name in known:
                counts["equivalent", row["accepted"]] += 1
                continue
            counts["correct" if correct else "wrong", row["accepted"]] += 1
            if each.kind != "mutant" and correct != row["accepted"]:
                faults.append(f"{'refused' if correct else 'accepted'}: {one.activity} {each.kind} {each.name}: {not_passed(row)}")
    print("\n| | full points | fewer points |\n|---|---|---|")
    for kind, title in (("correct", "correct: solutions and variants"), ("equivalent", "equivalent mutants"),
                        ("wrong", "wrong: wrong submissions, starters, all other mutants")):
        print(f"| {title} | {counts[kind, True]} | {counts[kind, False]} |")


def unjudged(measured):
    names = collections.Counter(f"{one.activity} {name}" for one in measured for row in one.results.values()
                                for name, outcome, _ in row["verdicts"] if outcome == "cannot-judge")
    for name, times in sorted(names.items()):
        print(f"Not judged on this machine, in {times} gradings: {name}")


def repeated(rows, faults):
    """Each grading of a submission is compared with the first one by the same grader."""
    first, changed = {}, collections.Counter()
    verdicts, seconds = collections.Counter(), collections.defaultdict(list)
    for row in rows:
        seconds[row["activity"], row["loaded"]].append(row["seconds"])
        before = first.setdefault((row["hash"], row["grader"]), row["verdicts"])
        verdicts[row["loaded"]] += len(row["verdicts"])
        if before != row["verdicts"]:
            changed[row["loaded"]] += 1
            difference = [(a, b) for a, b in zip(before, row["verdicts"]) if a != b]
            faults.append(f"changed{' under load' if row['loaded'] else ''}: {row['activity']} {row['name']}: {difference}")
    print("\n| repeated gradings | gradings | submissions | verdicts | gradings with a changed verdict |\n|---|---|---|---|---|")
    for loaded in (False, True):
        own = [row for row in rows if row["loaded"] == loaded]
        print(f"| {'under load' if loaded else 'without load of its own'} | {len(own)} | {len({row['hash'] for row in own})} "
              f"| {verdicts[loaded]} | {changed[loaded]} |")
    print("\n| seconds a grading | p50 | p95 | under load: p50 | p95 |\n|---|---|---|---|---|")
    for activity in sorted({row["activity"] for row in rows}):
        cells = [f"{percentile(seconds[activity, loaded], share):.1f}" for loaded in (False, True) for share in (0.5, 0.95)]
        print(f"| {activity} | {' | '.join(cells)} |")


def show(measured, graders, store):
    faults = []
    print("| activity | mutants generated | do not compile | the same program as another | graded | killed | equivalent "
          "| survived |\n|---|---|---|---|---|---|---|---|")
    for one in measured:
        mutation_row(one, faults)
    confusion(measured, faults)
    unjudged(measured)
    rows = store.read("repeated")
    if rows:
        repeated(rows, faults)
    print()
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults" if faults else "no unexplained survivor, no wrong verdict, no changed verdict")
    return 1 if faults else 0

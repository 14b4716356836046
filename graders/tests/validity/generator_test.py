#!/usr/bin/env python3
"""Tests of the generator of mutants and of the judgement on results. Nothing is compiled or graded here."""
import contextlib
import io
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import corpus  # noqa: E402
import table  # noqa: E402
from answer_mutants import mutants_of_answers  # noqa: E402
from measure import Measured  # noqa: E402
from source_mutants import mutants_of_source  # noqa: E402
from tokens import Parser, normalised, tokens_of  # noqa: E402

PROGRAM = """\
#include <cstdlib>
struct Node { int value; };  // no function: nothing to mutate but its tokens
int main() {
    Node* node = static_cast<Node*>(std::malloc(sizeof(int)));  // a comment; with a semicolon
    if (node == nullptr) {
        return 1;
    }
    for (int i = 0; i < 4; ++i)
        node->value += 1'000;
    std::free(node);
    return 0;
}
"""


def made_by(operator, mutants):
    return [mutant for mutant in mutants if mutant.operator == operator]


class Tokens(unittest.TestCase):
    def test_comments_and_preprocessor_lines_are_no_tokens(self):
        self.assertEqual([token.text for token in tokens_of("#include <a>\na /* b */ += 'c'; // d\n")], ["a", "+=", "'c'", ";"])

    def test_normalisation_sees_through_layout_and_comments(self):
        self.assertEqual(normalised("f( a,\n   b ); // why"), normalised("f( a, b );"))

    def test_statements_are_found_with_their_ends(self):
        kinds = [(statement.kind, statement.text[:12]) for statement in Parser(PROGRAM).parse()]
        self.assertEqual(kinds, [("simple", "Node* node ="), ("if", "if (node == "), ("block", "{ return 1; "),
                                 ("simple", "return 1;"), ("for", "for (int i ="), ("simple", "node->value "),
                                 ("simple", "std::free(no"), ("simple", "return 0;")])


class Generator(unittest.TestCase):
    def setUp(self):
        self.mutants = mutants_of_source("a.cpp", PROGRAM)

    def test_every_operator_of_the_plan_is_there(self):
        found = {mutant.operator for mutant in self.mutants}
        self.assertLessEqual({"drop-free", "double-free", "skip-null-check", "change-size", "change-constant", "change-operator",
                              "swap-statements", "early-exit", "drop-statement", "negate-condition"}, found)

    def test_a_mutant_differs_in_one_place(self):
        dropped, = made_by("drop-free", self.mutants)
        self.assertEqual(dropped.text, PROGRAM.replace("std::free(node);", ";"))
        self.assertEqual(dropped.name, "drop-free a.cpp: std::free(node); => ;")

    def test_names_are_unique_and_do_not_depend_on_the_place(self):
        names = [mutant.name for mutant in self.mutants]
        self.assertEqual(len(names), len(set(names)))
        moved = mutants_of_source("a.cpp", "// one line more\n\n" + PROGRAM)
        self.assertEqual(names, [mutant.name for mutant in moved])

    def test_no_mutant_is_the_program_itself_or_another_mutant(self):
        texts = [normalised(mutant.text) for mutant in self.mutants] + [normalised(PROGRAM)]
        self.assertEqual(len(texts), len(set(texts)))

    def test_each_answer_is_changed_and_dropped(self):
        names = [mutant.name for mutant in mutants_of_answers("answers.toml", "[one]\na = 36  # why\nb = true\n")]
        self.assertIn("change-answer answers.toml: one.a = 36 => 37", names)
        self.assertIn("change-answer answers.toml: one.b = true => false", names)
        self.assertIn("drop-answer answers.toml: one.b", names)

    def test_a_sample_is_drawn_by_its_seed_and_holds_every_operator(self):
        size = len({mutant.operator for mutant in self.mutants})
        drawn = corpus.sampled(self.mutants, size, 7)
        self.assertEqual(drawn, corpus.sampled(self.mutants, size, 7))
        self.assertEqual({mutant.operator for mutant in drawn}, {mutant.operator for mutant in self.mutants})


class Tree(unittest.TestCase):
    """The solutions of this tree, as they are."""

    def test_every_activity_has_at_least_60_mutants_with_names_of_their_own(self):
        for activity in corpus.activities():
            with self.subTest(activity):
                names = [mutant.name for mutant in corpus.generated(activity)]
                self.assertGreaterEqual(len(names), 60)
                self.assertEqual(len(names), len(set(names)))
                self.assertEqual(names, [mutant.name for mutant in corpus.generated(activity)])

    def test_every_equivalent_mutant_exists_and_has_a_reason(self):
        for activity in corpus.activities():
            names = {mutant.name for mutant in corpus.generated(activity)}
            for name, why in corpus.equivalents(activity).items():
                with self.subTest(activity=activity, mutant=name):
                    self.assertIn(name, names)
                    self.assertGreater(len(why), 20)

    def test_known_submissions_have_the_solution_first_and_a_starter(self):
        for activity in corpus.activities():
            kinds = [each.kind for each in corpus.known_submissions(activity)]
            self.assertEqual(kinds[0], "solution")
            self.assertEqual(kinds[-1], "starter")


    def test_every_wrong_submission_differs_from_the_solution(self):
        for activity in corpus.activities():
            known = corpus.known_submissions(activity)
            for each in known:
                if each.kind == "wrong":
                    with self.subTest(activity=activity, wrong=each.name):
                        self.assertNotEqual(each.files, known[0].files)


class Edits(unittest.TestCase):
    """The same rules as the corpus test's (graders/toolkit/grading/corpus/edit.hpp)."""

    def test_edits_are_made_in_the_text_as_it_was(self):
        edits = [{"was": "a\n", "now": "b\n"}, {"was": "b\n", "now": ""}]
        self.assertEqual(corpus.edited("a\nb\n", edits), "b\n")
        self.assertEqual(corpus.edited("a\nb\n", edits[::-1]), "b\n")

    def test_what_does_not_stand_exactly_once_is_refused(self):
        for was in ("c", "a", "xx\na"):
            with self.assertRaises(ValueError):
                corpus.edited("a\na\nxxx\n", [{"was": was, "now": ""}])

    def test_one_place_is_changed_once(self):
        with self.assertRaises(ValueError):
            corpus.edited("abc", [{"was": "ab", "now": ""}, {"was": "bc", "now": ""}])


class Judgement(unittest.TestCase):
    activity = "01-heap-growth"

    def faults_of(self, kind, name, accepted):
        submission = corpus.submission(self.activity, kind, name, {"a.cpp": b""})
        row = {"accepted": accepted, "verdicts": [["Check", "passed" if accepted else "failed", None]]}
        one = Measured(self.activity, wanted=[submission], results={submission: row})
        faults = []
        with contextlib.redirect_stdout(io.StringIO()):
            table.mutation_row(one, faults)
            table.confusion([one], faults)
        return faults

    def test_a_mutant_that_gets_full_points_is_a_fault_unless_it_is_listed(self):
        self.assertEqual(self.faults_of("mutant", "unknown", True), [f"survived: {self.activity}: unknown"])
        self.assertEqual(self.faults_of("mutant", "unknown", False), [])
        listed = next(iter(corpus.equivalents(self.activity)))
        self.assertEqual(self.faults_of("mutant", listed, True), [])
        self.assertEqual(len(self.faults_of("mutant", listed, False)), 1)

    def test_a_correct_submission_refused_and_a_wrong_one_accepted_are_faults(self):
        self.assertEqual(self.faults_of("variant", "v", True), [])
        self.assertEqual(len(self.faults_of("variant", "v", False)), 1)
        self.assertEqual(len(self.faults_of("starter", "s", True)), 1)

    def test_a_verdict_that_changes_is_a_fault(self):
        row = {"hash": "a", "grader": "g", "activity": self.activity, "name": "n", "loaded": False, "seconds": 1.0,
               "verdicts": [["Check", "passed", None]]}
        faults = []
        with contextlib.redirect_stdout(io.StringIO()):
            table.repeated([row, row, {**row, "grader": "h", "verdicts": []}], faults)
            self.assertEqual(faults, [])
            table.repeated([row, {**row, "verdicts": [["Check", "failed", "crashed"]]}], faults)
        self.assertEqual(len(faults), 1)


if __name__ == "__main__":
    unittest.main()

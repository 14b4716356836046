"""Mutants of a program: each differs from the reference solution by one small, systematic change of its text.

The same file always gives the same mutants under the same names. Whether one compiles, and whether it is another
program at all, is asked of the compiler later.
"""
import re
from dataclasses import dataclass

from tokens import Parser, normalised, tokens_of

OTHER_MARKS = {
    "==": ("!=",), "!=": ("==",), "<": ("<=", ">"), "<=": ("<", ">"), ">": (">=", "<"), ">=": (">", "<"), "&&": ("||",),
    "||": ("&&",), "+": ("-",), "-": ("+",), "*": ("+",), "/": ("*",), "+=": ("-=", "="), "-=": ("+=",), "++": ("--",),
    "--": ("++",), "!": ("",), "&": ("|",), "|": ("&",),
}
OTHER_NAMES = {
    "true": ("false",), "false": ("true",), "stdout": ("stderr",), "stderr": ("stdout",), "EXIT_SUCCESS": ("EXIT_FAILURE",),
    "EXIT_FAILURE": ("EXIT_SUCCESS",), "_IOLBF": ("_IOFBF",), "front": ("back",), "back": ("front",), "head": ("rest",),
    "first": ("second",), "second": ("first",), "chunk": ("limit",), "limit": ("chunk",), "chunk_mb": ("limit_mb",),
    "limit_mb": ("chunk_mb",), "total_vm_kb": ("anon_rss_kb",), "anon_rss_kb": ("total_vm_kb",), "find": ("rfind",),
    "rfind": ("find",), "starts_with": ("ends_with",), "ends_with": ("starts_with",), "required_argument": ("no_argument",),
    "no_argument": ("required_argument",), "sleep": ("usleep",), "malloc": ("valloc",), "O_WRONLY": ("O_RDONLY",),
    "exit": ("_Exit",), "less": ("greater",),
}
OTHER_SIZES = ("sizeof(char)", "sizeof(void*)", "sizeof(short)")
# What a program of ours prints when all is well: an argument of fmt::print, and the text that stands for it.
HARD_CODED = {
    "static_cast<void*>(block)": '"0x55555556aeb0"', "block": '"0x7f44fd3ee010"', 'up ? "up" : "down"': '"up"',
    "sum_of_five_integers()": "(sum_of_five_integers(), 150)", "count_list()": "(count_list(), 4)",
    "sum_of_window()": "(sum_of_window(), 26)", "motto": '"every block has one owner"', "total": "104857600",
    "total_mb": "100", "getpid()": "4711", "read_oom_score()": "666", "found->pid": "12", "found->name": '"oom"',
    "found->total_vm_kb": "268000", "found->anon_rss_kb": "262144", "found->scope": '"cgroup"',
}


@dataclass(frozen=True)
class Mutant:
    name: str  # stable: operator, file, what stood there => what stands there now, #n from the second of its kind on
    operator: str
    file: str
    text: str  # the whole file


class Collector:
    def __init__(self, file, text):
        self.file = file
        self.text = text
        self.mutants = []
        self.seen = {text}
        self.names = {}

    def edit(self, operator, begin, end, replacement, show=None):
        """The text with [begin, end) replaced; `show` is the part that the name quotes (default: the lines touched)."""
        text = self.text[:begin] + replacement + self.text[end:]
        first, last = show or (self.text.rfind("\n", 0, begin) + 1, (self.text + "\n").find("\n", end))
        before = normalised(self.text[first:last])
        after = normalised(self.text[first:begin] + replacement + self.text[end:last])
        if text in self.seen or before == after:
            return
        self.seen.add(text)
        name = f"{operator} {self.file}: {shortened(before)} => {shortened(after)}"
        self.names[name] = self.names.get(name, 0) + 1
        if self.names[name] > 1:
            name += f" #{self.names[name]}"
        self.mutants.append(Mutant(name, operator, self.file, text))


def shortened(text):
    return text if len(text) <= 110 else f"{text[:70]} ... {text[-30:]}"


def mutants_of_source(file, text):
    collector = Collector(file, text)
    statements = Parser(text).parse()
    for statement in statements:
        of_statement(collector, statement)
        of_condition(collector, statement)
        of_calls(collector, statement)
    for before, token in zip([None] + tokens_of(text), tokens_of(text)):
        of_token(collector, token, before)
    return collector.mutants


def is_free(statement):
    return statement.kind == "simple" and re.search(r"\b(free|munmap|close)\(", statement.text)


def of_statement(collector, statement):
    text, begin, end = collector.text, statement.begin, statement.end
    whole = (begin, end)
    words = [token.text for token in statement.tokens]
    if statement.kind != "block" and not (words[0] == "return" and len(words) > 2 and statement.function != "main"):
        collector.edit(name_of_dropping(statement), begin, end, ";", whole)
    if is_free(statement):
        collector.edit("double-free", end, end, " " + text[begin:end], whole)
        moved_behind(collector, statement)
    elif statement.kind == "simple" and "malloc" in words and "=" in words:
        collector.edit("allocate-twice", end, end, " " + re.sub(r"^.*?(\w+)\s*=", r"\1 =", text[begin:end], flags=re.S), whole)
    following = statement.following
    if following is not None and not following.labelled:
        both = (begin, following.end)
        swapped = text[following.begin:following.end] + text[end:following.begin] + text[begin:end]
        collector.edit("swap-statements", *both, swapped, both)
    if statement.in_main_body or statement.opens_function:
        collector.edit("early-exit", begin, begin, "std::exit(0); ", whole)
    if statement.kind in ("if", "while", "for") and "return" in words and statement.kind != "if":
        collector.edit("early-exit", end, end, " std::exit(0);", whole)
    if words[0] == "return" and len(words) > 2:
        collector.edit("return-zero", begin, end, "return {};", whole)


def moved_behind(collector, free):
    """free() before the statement in front of it, and behind the one after it: too early, or later than it was."""
    if free.following is not None and free.following.following is not None:
        target = free.following.following
        text = collector.text
        collector.edit("free-later", free.begin, target.end, text[free.end:target.end] + " " + text[free.begin:free.end],
                       (free.begin, target.end))


def name_of_dropping(statement):
    if is_free(statement):
        return "drop-free"
    if statement.kind == "if" and re.search(r"[=!]= nullptr", statement.text.split(")")[0]):
        return "skip-null-check"
    if re.search(r"\[offset\] = |\btouch\(|\[size - 1\] =", statement.text):
        return "drop-touch"
    return "drop-statement"


def of_condition(collector, statement):
    if statement.condition is None or statement.kind == "switch":
        return
    begin, end = statement.condition
    inner = collector.text[begin:end]
    if statement.kind == "for" or ";" in inner:
        return  # its operators and constants are changed one by one
    line = (begin, end)
    collector.edit("negate-condition", begin, end, f"!({inner})", line)
    collector.edit("condition-true", begin, end, "true" if "=" not in re.sub(r"[=!<>]=", "", inner) else f"({inner}) || true", line)
    collector.edit("condition-false", begin, end, f"({inner}) && false", line)
    depth = 0
    tokens = [token for token in statement.tokens if begin <= token.begin and token.end <= end]
    for token in tokens:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.text, 0)
        if depth == 0 and token.text in ("&&", "||"):
            collector.edit("half-a-condition", begin, end, collector.text[begin:token.begin].rstrip(), line)
            collector.edit("half-a-condition", begin, end, collector.text[token.end:end].lstrip(), line)


def arguments_of(tokens, at):
    """The arguments of the call whose '(' is tokens[at]: lists of tokens."""
    depth, found = 0, [[]]
    for token in tokens[at:]:
        if token.kind == "mark" and token.text in "([{":
            depth += 1
            if depth == 1:
                continue
        elif token.kind == "mark" and token.text in ")]}":
            depth -= 1
            if depth == 0:
                return [argument for argument in found if argument]
        if depth == 1 and token.text == ",":
            found.append([])
        else:
            found[-1].append(token)
    return []


def of_calls(collector, statement):
    if statement.kind != "simple":
        return
    tokens, text = statement.tokens, collector.text
    whole = (statement.begin, statement.end)
    for i in range(len(tokens) - 1):
        if tokens[i].kind != "name" or tokens[i + 1].text != "(":
            continue
        arguments = arguments_of(tokens, i + 1)
        if tokens[i].text == "malloc" and arguments:
            begin, end = arguments[0][0].begin, arguments[-1][-1].end
            size = text[begin:end]
            for other in (f"{size} + 1", f"{size} - 1", f"({size}) / 2", f"({size}) * 2", "1"):
                collector.edit("change-size", begin, end, other, whole)
        if tokens[i].text == "print" and arguments and arguments[0][0].text != "stderr":
            for argument in arguments[1:]:
                begin, end = argument[0].begin, argument[-1].end
                fixed = HARD_CODED.get(normalised(text[begin:end]))
                if fixed:
                    collector.edit("hard-code-output", begin, end, fixed, whole)
            collector.edit("hard-code-output", begin_of(arguments[0]), begin_of(arguments[0]), "stderr, ", whole)


def begin_of(argument):
    return argument[0].begin


def of_token(collector, token, before):
    def change(operator, others):
        for other in others:
            collector.edit(operator, token.begin, token.end, other)

    if token.kind == "mark":
        change("change-operator", OTHER_MARKS.get(token.text, ()))
    elif token.kind == "name":
        if token.text == "sizeof":
            closing = collector.text.index(")", token.end) + 1
            for other in OTHER_SIZES:
                collector.edit("change-size", token.begin, closing, other)
        change("change-name", OTHER_NAMES.get(token.text, ()) if before is None or before.text != "#" else ())
    elif token.kind == "number":
        if token.text.replace("'", "").isdigit():
            value = int(token.text.replace("'", ""))
            change("change-constant", dict.fromkeys(str(other) for other in (value + 1, value - 1, 0, value * 2) if other >= 0))
    elif token.kind == "string":
        change("change-text", strings_like(token.text))
    elif token.kind == "char":
        change("change-text", ("'x'",))


def strings_like(literal):
    body = literal[1:-1]
    others = ['""', f'"x{body}"', f'"{body}x"']
    if body.endswith("\\n"):
        others.append(f'"{body[:-2]}"')
    return [other for other in others if other != literal]

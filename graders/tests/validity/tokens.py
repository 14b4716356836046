"""C++ source text as tokens and as statements: as much of the language as a short program of one file needs.

Every token and every statement knows where it lies in the text, so that a mutant is an edit of the text and
nothing else about the file changes.
"""
import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"""
    (?P<skip>   \s+ | //[^\n]* | /\*.*?\*/ | ^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)
  | (?P<string> "(?:[^"\\\n]|\\.)*")
  | (?P<char>   '(?:[^'\\\n]|\\.)+')
  | (?P<number> \d(?:[\w.]|'\d)*)
  | (?P<name>   [A-Za-z_]\w*)
  | (?P<mark>   ::|->|\+\+|--|<<=|>>=|<=>|<<|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.VERBOSE | re.MULTILINE | re.DOTALL)

CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Token:
    kind: str  # string, char, number, name, mark
    text: str
    begin: int
    end: int


@dataclass
class Statement:
    kind: str  # simple, if, while, for, switch, do, block
    begin: int
    end: int
    text: str
    function: str
    tokens: list
    condition: tuple = None  # the text between the parentheses of if, while, for, switch: (begin, end)
    in_main_body: bool = False
    opens_function: bool = False
    labelled: bool = False  # stands behind a case
    following: object = field(default=None, repr=False)  # the next statement of the same block


def tokens_of(text):
    found = []
    for match in TOKEN.finditer(text):
        if match.lastgroup != "skip":
            found.append(Token(match.lastgroup, match.group(), match.start(), match.end()))
    return found


def normalised(text):
    """The text without comments, and with one space between any two tokens that had room between them."""
    words = []
    last = None
    for token in tokens_of(text):
        if last is not None and token.begin > last:
            words.append(" ")
        words.append(token.text)
        last = token.end
    return "".join(words)


class Parser:
    """Finds the function bodies of a file and cuts them into statements."""

    def __init__(self, text):
        self.text = text
        self.tokens = tokens_of(text)
        self.statements = []
        self.partner = self._partners()

    def _partners(self):
        partner, open_ones = {}, []
        for i, token in enumerate(self.tokens):
            if token.kind == "mark" and token.text in CLOSING:
                open_ones.append(i)
            elif token.kind == "mark" and token.text in CLOSING.values():
                partner[open_ones.pop()] = i
        return partner

    def parse(self):
        i = 0
        while i < len(self.tokens):
            word = self.tokens[i].text
            if word == "template":
                while self.tokens[i].text != ">":
                    i += 1
            elif word in ("struct", "class", "union", "enum"):
                while self.tokens[i].text not in ("{", ";"):
                    i += 1
                i = self.partner.get(i, i)
            elif word == "namespace":
                while self.tokens[i].text != "{":
                    i += 1
            elif word == "{":
                name = self._function_before(i)
                if name:
                    self._block(i, name, top=True)
                i = self.partner[i]
            i += 1
        return self.statements

    def _function_before(self, brace):
        i = brace - 1
        while i >= 0 and self.tokens[i].text in ("const", "noexcept", "override"):
            i -= 1
        if i < 0 or self.tokens[i].text != ")":
            return None
        opening = next(a for a, b in self.partner.items() if b == i)
        return self.tokens[opening - 1].text

    def _block(self, brace, function, top=False):
        i, end, last = brace + 1, self.partner[brace], None
        while i < end:
            labelled = False
            while self.tokens[i].text in ("case", "default"):
                while self.tokens[i].text != ":":
                    i += 1
                i += 1
                labelled = True
            statement, i = self._statement(i, function)
            statement.labelled = labelled
            statement.in_main_body = top and function == "main"
            statement.opens_function = top and last is None
            if last is not None:
                last.following = statement
            last = statement

    def _statement(self, i, function):
        word = self.tokens[i].text
        first = i
        condition = None
        here = len(self.statements)
        if word == "{":
            kind = "block"
            self._block(i, function)
            last = self.partner[i]
        elif word in ("if", "while", "for", "switch"):
            kind = word
            opening = i + (2 if self.tokens[i + 1].text == "constexpr" else 1)
            closing = self.partner[opening]
            condition = (self.tokens[opening].end, self.tokens[closing].begin)
            _, after = self._statement(closing + 1, function)
            if word == "if" and after < len(self.tokens) and self.tokens[after].text == "else":
                _, after = self._statement(after + 1, function)
            last = after - 1
        elif word == "do":
            kind = "do"
            _, after = self._statement(i + 1, function)
            last = self.partner[after + 1] + 1
        else:
            kind = "simple"
            while self.tokens[i].text != ";":
                i = self.partner.get(i, i) + 1
            last = i
        begin, end = self.tokens[first].begin, self.tokens[last].end
        statement = Statement(kind, begin, end, normalised(self.text[begin:end]), function, self.tokens[first:last + 1],
                              condition)
        self.statements.insert(here, statement)
        return statement, last + 1

"""Mutants of answers.toml: each answer changed, left as the starter has it, or left out, one at a time."""
import re

from source_mutants import Mutant

LINE = re.compile(r"^(?P<key>\w+) = (?P<value>\[[^\]]*\]|\"[^\"]*\"|[^#\n]*?)(?P<rest>\s*(?:#[^\n]*)?)$", re.M)
WORDS = ("killed", "survives", "null", "higher", "lower")


def other_values(value):
    if value in ("true", "false"):
        return ["false" if value == "true" else "true", '""', "1"]
    if value.startswith('"'):
        word = value.strip('"')
        related = WORDS[:3] if word in WORDS[:3] else WORDS[3:]
        return [f'"{other}"' for other in related if other != word] + ['""', f'"{word.upper()}"']
    if value.startswith("["):
        numbers = [int(number) for number in re.findall(r"-?\d+", value)]
        lists = [numbers[:i] + numbers[i + 1:] for i in range(len(numbers))]
        lists += [numbers[:i] + [numbers[i] + step] + numbers[i + 1:] for i in range(len(numbers)) for step in (1, -1)]
        lists += [[], numbers + [numbers[-1] + 1]]
        return [str(numbers) for numbers in lists] + ['""']
    number = int(value)
    return [str(other) for other in (number + 1, number - 1, -number, number * 2, 0) if other != number] + ['""', f'"{number}"']


def mutants_of_answers(file, text):
    mutants = []
    for match in LINE.finditer(text):
        table = re.findall(r"^\[(\w+)\]$", text[:match.start()], re.M)
        key = ".".join(table[-1:] + [match["key"]])
        before, after = text[:match.start("value")], text[match.end("value"):]
        for value in dict.fromkeys(other_values(match["value"])):
            mutants.append(Mutant(f"change-answer {file}: {key} = {match['value']} => {value}", "change-answer", file,
                                  before + value + after))
        mutants.append(Mutant(f"drop-answer {file}: {key}", "drop-answer", file, text[:match.start()] + text[match.end():]))
    return mutants

"""Word rules: `python -m benchmarks.rules`. Prints a table, exits with 1 when the target is missed.

10,000 rules (words, phrases, wildcards at either end and in the middle, some of other scripts) on prompts of 2,000
characters: ordinary tags, tags full of accents and signs for letters, and single letters set apart. Every call asks
about another text, so nothing is remembered from the one before.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable

from benchmarks.report import Row, percentile, show
from pipeline.safety.matcher import MAX_RULES, Kind, Rule, RuleSet
from pipeline.safety.minors import look

LENGTH = 2_000
ROUNDS = 200
TARGET_MS = 5.0
_SYLLABLES = (
    "ka", "lo", "mi", "ren", "tas", "ba", "du", "fe", "gri", "hol", "ne", "po", "qua", "si", "tu", "ve", "wen", "xi",
    "yo", "zan", "cle", "dra", "shi", "mon", "ter", "al", "or", "in",
)  # fmt: skip
_TAGS = (
    "1girl", "solo", "long hair", "looking at viewer", "school uniform", "cherry blossoms", "masterpiece",
    "best quality", "outdoors", "blue_eyes", "(smile:1.2)", "[hat]", r"bishop \(chess\)", "night sky", "very aesthetic",
)  # fmt: skip
_STRANGE = str.maketrans({"a": "ạ", "e": "3", "i": "і", "o": "0", "s": "$", "n": "ｎ"})


def words(rng: random.Random, count: int) -> list[str]:
    """Different made-up words."""
    found: set[str] = set()
    while len(found) < count:
        found.add("".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))))
    return sorted(found)


def rules(rng: random.Random) -> list[Rule]:
    """As many as a server may have: half plain words, the rest phrases and wildcards."""
    known = words(rng, MAX_RULES)
    shapes: tuple[Callable[[str, str], str], ...] = (
        lambda word, _: word,
        lambda word, _: word,
        lambda word, _: word,
        lambda word, other: f"{word} {other}",
        lambda word, _: f"{word}*",
        lambda word, _: f"*{word}",
        lambda word, _: f"*{word}*",
        lambda word, _: f"{word[:2]}?{word[3:]}",
        lambda word, other: f"{word}* {other}",
        lambda word, _: f"{word}の",
    )
    made = []
    for number, word in enumerate(known):
        pattern = shapes[number % len(shapes)](word, rng.choice(known))
        made.append(Rule(number=number, pattern=pattern, kind=Kind.ALLOW if number % 50 == 0 else Kind.BLOCK))
    return made


def prompt(rng: random.Random, vocabulary: list[str], strange: str) -> str:
    """A prompt of the length; one word in ten is a rule's."""
    parts: list[str] = []
    while sum(map(len, parts)) + 2 * len(parts) < LENGTH:
        parts.append(rng.choice(vocabulary) if rng.random() < 0.1 else rng.choice(_TAGS))
    text = ", ".join(parts)
    if strange == "spelled strangely":
        text = text.translate(_STRANGE)
    if strange == "letters set apart":
        text = " ".join(text.replace(" ", ""))
    return text[:LENGTH]


def main() -> int:
    """Measure and print. Returns 1 when the target is missed."""
    rng = random.Random(1)
    made = rules(rng)
    begun = time.perf_counter()
    compiled = RuleSet(made)
    building = time.perf_counter() - begun
    vocabulary = [rule.pattern.replace("*", "x").replace("?", "x") for rule in made]
    rows = [Row(f"compiling {MAX_RULES:,} rules, off the event loop", f"{building * 1e3:.0f} ms")]
    look("warm up", rated=False)
    for name in ("ordinary tags", "spelled strangely", "letters set apart"):
        times, busy, built_in, found = [], [], [], 0
        for _ in range(ROUNDS):
            text = prompt(rng, vocabulary, name)
            begun, begun_busy = time.perf_counter(), time.thread_time()
            found += len(compiled.blocked(text))
            busy.append((time.thread_time() - begun_busy) * 1e3)
            times.append((time.perf_counter() - begun) * 1e3)
            begun_busy = time.thread_time()
            look(text, rated=False)
            built_in.append((time.thread_time() - begun_busy) * 1e3)
        figure = (
            f"p50 {statistics.median(times):.2f} ms, p99 {percentile(times, 0.99):.2f} ms; processor time "
            f"p50 {statistics.median(busy):.2f} ms; {found / ROUNDS:.0f} found"
        )
        slow = statistics.median(times)
        rows.append(
            Row(f"{LENGTH:,} characters, {name}", figure, f"p50 under {TARGET_MS:g} ms", slow < TARGET_MS)
        )
        rows.append(
            Row(
                "the built-in list on the same, folded already",
                f"processor time p50 {statistics.median(built_in):.2f} ms",
            )
        )
    return show("Word rules", rows)


if __name__ == "__main__":
    sys.exit(main())

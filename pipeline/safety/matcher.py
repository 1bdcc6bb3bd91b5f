"""Many rules, compiled into one: which of them a text falls under.

Every rule is filed under one of its words, the rarest in the set. A word without wildcards is found by looking it up;
one with wildcards by a piece of up to four letters of it, and then compared. So a text costs about as much as it has
words, however many rules there are. No regular expression of a moderator's making is ever run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.safety.folding import Folded, Reading, Run, fold, leet
from pipeline.safety.patterns import Glob, Pattern, core, is_glob, literals, read_pattern

MAX_RULES: Final = 10_000
_PIECE: Final = 4
"""Letters of the piece under which a word with wildcards is filed, if it has so many side by side."""
_PREFIX: Final = 3
"""Letters of a word by which it is looked for in pieces set apart."""
_PAIR: Final = 2
"""Words of two signs are looked for, too, unless they are ASCII: any two letters of English would be one."""


_WHOLE: Final = 60
"""Letters of pieces set apart that are read as one word, too, for what has wildcards in its middle."""


class Kind(StrEnum):
    """What a rule does."""

    BLOCK = "block"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        number: how it is called; for the built-in list the place in it.
        pattern: as it was typed.
        kind: an allow rule lets pass what a block rule finds inside the words that it matches itself.
        note: what members are told besides; may be empty.
    """

    number: int
    pattern: str
    kind: Kind = Kind.BLOCK
    note: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule with the words it was found in.

    Attributes:
        rule: the rule.
        first: index of the first word of the folded text, `last` of the last one.
        quote: what was typed there.
        allowed: whether an allow rule covers it.
    """

    rule: Rule
    first: int
    last: int
    quote: str
    allowed: bool = False

    @property
    def blocks(self) -> bool:
        """Whether it refuses the text."""
        return self.rule.kind is Kind.BLOCK and not self.allowed


_Place = tuple[int, int]
"""A rule's index, and the index of its word."""


class RuleSet:
    """Rules to be asked about texts. Building takes about 20 microseconds a rule; asking changes nothing."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        patterns = [read_pattern(rule.pattern) for rule in self.rules]
        self._words = [pattern.words for pattern in patterns]
        self._leet = [tuple(leet(word) for word in words) for words in self._words]
        self._exact: tuple[dict[str, list[_Place]], dict[str, list[_Place]]] = ({}, {})
        self._pieces: tuple[dict[str, list[_Place]], dict[str, list[_Place]]] = ({}, {})
        self._prefixes: tuple[dict[str, set[int]], dict[str, set[int]]] = ({}, {})
        self._known: tuple[set[str], set[str]] = (set(), set())
        self._globs: tuple[dict[str, Glob], dict[str, Glob]] = ({}, {})
        self._shaped: set[int] = set()
        self._file(patterns)

    def _file(self, patterns: Sequence[Pattern]) -> None:
        common = Counter(word for pattern in patterns for word in pattern.words)
        filed: Counter[str] = Counter()
        for index, pattern in enumerate(patterns):
            words = pattern.words
            for word in words:
                self._note(word)
            exact = [place for place, word in enumerate(words) if not is_glob(word)]
            if exact:
                place = min(exact, key=lambda each: (common[words[each]], -len(words[each])))
                self._exact[0].setdefault(words[place], []).append((index, place))
                self._exact[1].setdefault(leet(words[place]), []).append((index, place))
                continue
            place, piece = min(
                ((place, piece) for place, word in enumerate(words) for piece in _pieces_of(word)),
                key=lambda each: (filed[each[1]], -len(each[1])),
            )
            filed[piece] += 1
            if len(piece) == 1:
                word = words[place]
                self._shaped.add(len(word))
                for as_leet, letter in enumerate((piece, leet(piece))):
                    key = _shape(len(word), word.index(piece), letter)
                    self._pieces[as_leet].setdefault(key, []).append((index, place))
                continue
            self._pieces[0].setdefault(piece, []).append((index, place))
            self._pieces[1].setdefault(leet(piece), []).append((index, place))

    def _note(self, word: str) -> None:
        """What is needed to find a word in pieces set apart."""
        for as_leet in (False, True):
            letters = word
            if is_glob(word):
                self._globs[as_leet].setdefault(word, Glob(word, as_leet=as_leet))
                letters = core(word)
            if len(letters) >= _PREFIX or (len(letters) == _PAIR and not letters.isascii()):
                spelled = leet(letters) if as_leet else letters
                self._known[as_leet].add(spelled)
                self._prefixes[as_leet].setdefault(spelled[:_PREFIX], set()).add(len(spelled))

    def find(self, text: str) -> tuple[Match, ...]:
        """Every place where a rule matches, block and allow, in the order of the text; each rule once a place."""
        if not self.rules:
            return ()
        return _Search(self, fold(text)).run()

    def blocked(self, text: str) -> tuple[Match, ...]:
        """Where the text falls under a block rule, and no allow rule covers it."""
        return tuple(each for each in self.find(text) if each.blocks)

    def candidates(self, text: str, *, as_leet: bool) -> Iterator[_Place]:
        """The words of rules that a word fits."""
        yield from self._exact[as_leet].get(text, ())
        pieces = self._pieces[as_leet]
        if not pieces:
            return
        seen: set[_Place] = set()
        for start, letter in enumerate(text) if len(text) in self._shaped else ():
            for place in pieces.get(_shape(len(text), start, letter), ()):
                if self.fits(place[0], place[1], text, as_leet=as_leet):
                    yield place
        for size in range(2, _PIECE + 1):
            for start in range(len(text) - size + 1):
                for place in pieces.get(text[start : start + size], ()):
                    if place not in seen:
                        seen.add(place)
                        if self.fits(place[0], place[1], text, as_leet=as_leet):
                            yield place

    def fits(self, rule: int, place: int, text: str, *, as_leet: bool) -> bool:
        """Whether a word is the one that stands at a place of a rule."""
        word = self._words[rule][place]
        glob = self._globs[as_leet].get(word)
        if glob is not None:
            return glob.matches(text)
        return text == (self._leet[rule][place] if as_leet else word)

    def length(self, rule: int) -> int:
        """How many words a rule has."""
        return len(self._words[rule])

    def apart(self, run: Run, *, as_leet: bool) -> Iterator[Reading]:
        """Words of rules that pieces set apart come to, and all the pieces together."""
        text = run.leet if as_leet else run.text
        if not text:
            return
        at = {end: piece for piece, end in enumerate(run.ends)}
        known, prefixes = self._known[as_leet], self._prefixes[as_leet]
        pairs = not text.isascii()  # only then are words of two signs looked for
        for first, start in enumerate(run.ends[:-1]):
            sizes = prefixes.get(text[start : start + _PREFIX])
            if pairs and (more := prefixes.get(text[start : start + _PAIR])):
                sizes = more | (sizes or set())
            if sizes is None:
                continue
            for size in sizes:
                last = at.get(start + size, 0)
                word = text[start : start + size]
                if last - first >= run.least and word in known and not run.text[start : start + size].isdigit():
                    yield Reading(word, run.pieces[first], run.pieces[last - 1], leet=as_leet)
        if len(text) <= _WHOLE:
            yield Reading(text, run.pieces[0], run.pieces[-1], leet=as_leet)


def _shape(length: int, place: int, letter: str) -> str:
    """Under what a word is filed whose letters all stand apart, such as `c?t`."""
    return f"{length}\0{place}\0{letter}"


def _pieces_of(word: str) -> Iterator[str]:
    """The pieces under which a word with wildcards can be filed."""
    longest = literals(word)[0]
    size = min(_PIECE, len(longest))
    for start in range(len(longest) - size + 1):
        yield longest[start : start + size]


class _Search:
    """One text against one set of rules."""

    def __init__(self, rules: RuleSet, folded: Folded) -> None:
        self._rules = rules
        self._folded = folded
        self._more = [
            *folded.readings,
            *(each for run in folded.runs for leet in (False, True) for each in rules.apart(run, as_leet=leet)),
        ]
        self._from: dict[int, list[Reading]] = defaultdict(list)
        self._to: dict[int, list[Reading]] = defaultdict(list)
        for each in self._more:
            self._from[each.first].append(each)
            self._to[each.last].append(each)
        self._known: dict[tuple[str, bool], tuple[_Place, ...]] = {}

    def run(self) -> tuple[Match, ...]:
        """Everything that matches."""
        found: set[tuple[int, int, int]] = set()
        # Most words are no rule's, and many stand several times.
        fitting = {
            text: places
            for text in {word.text for word in self._folded.words}
            if (places := self._candidates(text, as_leet=False))
        }
        for index, word in enumerate(self._folded.words):
            for rule, place in fitting.get(word.text, ()):
                found.update((*span, rule) for span in self._spans(rule, place, index, index))
        for each in self._more:
            for rule, place in self._candidates(each.text, as_leet=each.leet):
                found.update((*span, rule) for span in self._spans(rule, place, each.first, each.last))
        return self._matches(sorted(found))

    def _candidates(self, text: str, *, as_leet: bool) -> tuple[_Place, ...]:
        known = self._known.get((text, as_leet))
        if known is None:
            known = self._known[text, as_leet] = tuple(self._rules.candidates(text, as_leet=as_leet))
        return known

    def _spans(self, rule: int, place: int, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The first and last words where all of a rule fits around one of its words, `first` to `last`."""
        if self._rules.length(rule) == 1:
            yield first, last
            return
        firsts = self._back(rule, place - 1, first)
        for end in self._ahead(rule, place + 1, last) if firsts else ():
            yield from ((begin, end) for begin in firsts)

    def _ahead(self, rule: int, place: int, last: int) -> set[int]:
        words, ends = self._folded.words, {last}
        for each in range(place, self._rules.length(rule)):
            found = set()
            for end in ends:
                if not self._same_tag(end):
                    continue
                if self._rules.fits(rule, each, words[end + 1].text, as_leet=False):
                    found.add(end + 1)
                found.update(
                    reading.last
                    for reading in self._from.get(end + 1, ())
                    if self._rules.fits(rule, each, reading.text, as_leet=reading.leet)
                )
            ends = found
        return ends

    def _back(self, rule: int, place: int, first: int) -> set[int]:
        words, starts = self._folded.words, {first}
        for each in range(place, -1, -1):
            found = set()
            for start in starts:
                if not (start and self._same_tag(start - 1)):
                    continue
                if self._rules.fits(rule, each, words[start - 1].text, as_leet=False):
                    found.add(start - 1)
                found.update(
                    reading.first
                    for reading in self._to.get(start - 1, ())
                    if self._rules.fits(rule, each, reading.text, as_leet=reading.leet)
                )
            starts = found
        return starts

    def _same_tag(self, index: int) -> bool:
        """Whether the word after this one belongs to the same tag."""
        words = self._folded.words
        return index + 1 < len(words) and words[index].tag == words[index + 1].tag

    def _matches(self, found: Sequence[tuple[int, int, int]]) -> tuple[Match, ...]:
        rules = self._rules.rules
        allows = [(first, last) for first, last, rule in found if rules[rule].kind is Kind.ALLOW]
        return tuple(
            Match(
                rule=rules[rule],
                first=first,
                last=last,
                quote=self._folded.quote(first, last),
                allowed=rules[rule].kind is Kind.BLOCK and any(a <= first and last <= b for a, b in allows),
            )
            for first, last, rule in found
        )

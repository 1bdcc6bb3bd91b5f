"""The word rules of every server: written to the database, compiled and held in memory.

A change holds when its command answers. Compiling ten thousand rules takes half a second, on a thread; until then the
rules as they were hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.moderation.policies import INSTANCE
from db.audit import Entry
from db.word_rules import NewWordRule, WordRule, WordRuleTable
from pipeline.errors import InvalidRequest, MemberError
from pipeline.safety.matcher import MAX_RULES, Kind, Match, Rule, RuleSet
from pipeline.safety.patterns import read_pattern

MAX_NOTE: Final = 200
"""Characters of what a rule says to members."""
_EMPTY: Final = RuleSet(())


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to, in rules."""

    added: int
    changed: int
    removed: int


def new_rule(pattern: str, kind: Kind, note: str = "") -> NewWordRule:
    """A rule as a moderator typed it.

    Raises:
        InvalidRequest: pattern or note cannot be used as they are.
    """
    pattern, note = " ".join(pattern.split()), " ".join(note.split())
    words = read_pattern(pattern).key
    if len(note) > MAX_NOTE:
        raise InvalidRequest(
            "The note of a rule may have {limit} characters, and this one has {length}. Shorten it.",
            limit=MAX_NOTE,
            length=len(note),
        )
    return NewWordRule(kind=kind, pattern=pattern, words=words, note=note)


def _compiled(rules: Iterable[WordRule]) -> RuleSet:
    return RuleSet(
        Rule(number=rule.id, pattern=rule.pattern, kind=Kind(rule.kind), note=rule.note) for rule in rules
    )


class WordRules:
    """Every server's rules. Asking reads memory only, and may happen on any thread."""

    def __init__(self, table: WordRuleTable) -> None:
        self._table = table
        self._sets: Mapping[int, RuleSet] = {}
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Read and compile everything, once at the start.

        Raises:
            DatabaseError: the database is unusable.
        """
        by_guild: dict[int, list[WordRule]] = {}
        for rule in await self._table.all():
            by_guild.setdefault(rule.guild_id, []).append(rule)
        self._sets = await asyncio.to_thread(
            lambda: {guild_id: _compiled(rules) for guild_id, rules in by_guild.items()}
        )

    def of(self, guild_id: int) -> tuple[Rule, ...]:
        """The rules of a server, oldest first."""
        return self._sets.get(guild_id, _EMPTY).rules

    def find(self, guild_id: int, text: str) -> tuple[Match, ...]:
        """Where the rules of a server match, block and allow."""
        return self._sets.get(guild_id, _EMPTY).find(text)

    def check(self, guild_id: int, text: str) -> None:
        """Refuse a text that falls under a rule of this server or of the instance.

        Raises:
            MemberError: it does; the sentence names the rule and what was typed.
        """
        for where in dict.fromkeys((INSTANCE, guild_id)):
            if found := self._sets.get(where, _EMPTY).blocked(text):
                raise _refusal(found[0], of_instance=where == INSTANCE)

    async def add(self, pattern: str, kind: Kind, note: str, entry: Entry) -> Rule:
        """Add a rule to the server of the audit log's entry; from here on it holds, also after a restart.

        Raises:
            InvalidRequest: it cannot be used, there is one with the same words, or there are too many.
            DatabaseError: nothing was changed.
        """
        new = new_rule(pattern, kind, note)
        async with self._writing:
            there = await self._table.of(entry.guild_id)
            if same := next((rule for rule in there if rule.words == new.words), None):
                raise InvalidRequest(
                    "There is a rule for these words already: #{number}, `{pattern}`. Remove it first to change it.",
                    number=same.id,
                    pattern=same.pattern,
                )
            _check_count(len(there) + 1)
            await self._table.put([new], entry)
            await self._compile(entry.guild_id)
        return self.of(entry.guild_id)[-1]

    async def remove(self, number: int, entry: Entry) -> None:
        """Take a rule of the entry's server away.

        Raises:
            MemberError: there is none of this number.
            DatabaseError: nothing was changed.
        """
        async with self._writing:
            if not await self._table.remove(number, entry):
                raise MemberError(
                    "There is no rule #{number} in this server. `/mod rule list` shows them.", number=number
                )
            await self._compile(entry.guild_id)

    async def take_in(self, rules: Sequence[NewWordRule], entry: Entry, *, instead: bool) -> Imported:
        """Add many rules at once, all or none; one with the same words is replaced.

        Args:
            rules: those of a file.
            entry: who does it, and where.
            instead: put them in the place of all that there are.

        Raises:
            InvalidRequest: there would be too many.
            DatabaseError: nothing was changed.
        """
        async with self._writing:
            there = {rule.words: rule for rule in await self._table.of(entry.guild_id)}
            new = {rule.words: rule for rule in rules}
            kept = new if instead else there | new
            _check_count(len(kept))
            changed = [
                each for each in new.values() if each.words in there and _differs(each, there[each.words])
            ]
            result = Imported(
                added=sum(words not in there for words in new),
                changed=len(changed),
                removed=sum(words not in new for words in there) if instead else 0,
            )
            await self._table.put(list(new.values()), entry, instead=instead)
            await self._compile(entry.guild_id)
        return result

    async def _compile(self, guild_id: int) -> None:
        rules = await self._table.of(guild_id)
        compiled = await asyncio.to_thread(_compiled, rules)
        self._sets = {**self._sets, guild_id: compiled}


def _differs(new: NewWordRule, old: NewWordRule) -> bool:
    return (new.kind, new.pattern, new.note) != (old.kind, old.pattern, old.note)


def _check_count(count: int) -> None:
    if count > MAX_RULES:
        raise InvalidRequest(
            "A server may have {limit} rules, and these would be {count}. Remove some first; one rule with `*` may do "
            "for many.",
            limit=MAX_RULES,
            count=count,
        )


def _refusal(match: Match, *, of_instance: bool) -> MemberError:
    what = {
        "number": match.rule.number,
        "pattern": match.rule.pattern,
        "quote": match.quote[:100],
        "note": match.rule.note,
    }
    if of_instance and match.rule.note:
        return MemberError("Rule #{number} of this bot, `{pattern}`, does not allow `{quote}`: {note}", **what)
    if of_instance:
        return MemberError(
            "Rule #{number} of this bot, `{pattern}`, does not allow `{quote}`. Please take it out of the prompt.",
            **what,
        )
    if match.rule.note:
        return MemberError(
            "Rule #{number} of this server, `{pattern}`, does not allow `{quote}`: {note}", **what
        )
    return MemberError(
        "Rule #{number} of this server, `{pattern}`, does not allow `{quote}`. Please take it out of the prompt.",
        **what,
    )

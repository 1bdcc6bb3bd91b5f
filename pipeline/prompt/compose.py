"""Composing what is sent to the model from what a member typed and chose.

Pure: no model, no torch. Composing a composed prompt with the same options adds and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal

from pipeline.errors import InvalidRequest
from pipeline.profiles.types import Profile, Rating, TagSide
from pipeline.prompt.above import Above, move, refusal
from pipeline.prompt.chosen import Chosen, quality_items, rating_items, style_items, year_items
from pipeline.prompt.dedupe import drop_duplicates, drop_repeated
from pipeline.prompt.grammar import render
from pipeline.prompt.insist import held_to
from pipeline.prompt.ladder import Ladder
from pipeline.prompt.lengths import check_length, check_tokens
from pipeline.prompt.negative import choose_presets, preset_items
from pipeline.prompt.normalise import clean, key, spell_literals
from pipeline.prompt.ordering import START, order_items
from pipeline.prompt.rated import RatingWord
from pipeline.prompt.ratings import choose_rating, rating_of_text, words_to_avoid
from pipeline.prompt.recommended import complete, displacing, recommended_items, without_other_years
from pipeline.prompt.tags import Item, is_hollow, key_of, keys_of, read, spans, texts_of
from pipeline.prompt.tokens import TokenMeter
from pipeline.prompt.vocabulary import (
    QUALITY_KINDS,
    Vocabulary,
    items_of,
    positive_words,
)
from pipeline.sentence import Sentence


@dataclass(frozen=True)
class PromptOptions:
    """What a member typed and chose, unchecked.

    Attributes:
        prompt: as typed.
        negative: the member's own negative prompt; merged with the preset.
        negative_preset: id or name, several joined by `+`; None for the profile's default, `none` for none.
        quality: quality, score and aesthetic tags; None for the card's recommended string, empty for none.
        rating: None for what the prompt says, or the profile's default.
        ceiling: the most that may be painted in this channel.
        year: a named year tag of the card, `2023` or `year 2023`.
        styles: painting-style tags of the card.
        order: sort the tags by the profile's template.
        above: what becomes of words above the ceiling.
    """

    prompt: str
    negative: str = ""
    negative_preset: str | None = None
    quality: tuple[str, ...] | None = None
    rating: Rating | None = None
    ceiling: Rating = Rating.GENERAL
    year: str | None = None
    styles: tuple[str, ...] = ()
    order: bool = False
    above: Above = Above.REFUSE


@dataclass(frozen=True)
class Added:
    """One tag that the member did not type, as it is printed, and the sentence of the rule that added it."""

    tag: str
    rule: str
    where: Literal["prompt", "negative_prompt"]


@dataclass(frozen=True)
class Composed:
    """The final prompts, exactly as they are sent to the text encoders."""

    prompt: str
    negative_prompt: str
    added: tuple[Added, ...]
    warnings: tuple[str, ...]
    rating: Rating
    """What the picture is rated as: as chosen, or as the strongest word in the prompt if that says more."""


def compose(profile: Profile, options: PromptOptions) -> Composed:
    """Normalise, drop duplicates, add what the card advises, and order.

    Raises:
        InvalidRequest: nothing to paint, text too long, a control character, brackets or weights beyond the
            grammar's limits, a tag, year, style or preset that the card does not know, a rating above the
            ceiling. The text says what would be right.
        WeightsError: the prompt is so long that it has to be counted, and the profile's own tokenizer is broken.
    """
    work = _Composing(profile, options)
    work.read()
    work.add_to_prompt()
    work.add_to_negative()
    return work.finish()


@dataclass
class _Composing:
    """The state between the steps of one `compose`."""

    profile: Profile
    options: PromptOptions
    vocabulary: Vocabulary = field(init=False)
    ladder: Ladder = field(init=False)
    chunks: list[list[Item]] = field(init=False)
    negative: list[list[Item]] = field(init=False)
    typed: set[str] = field(init=False)
    rating: Rating = field(init=False)
    rating_reason: Sentence = field(init=False)
    moved: tuple[RatingWord, ...] = ()
    added: list[Added] = field(default_factory=list)
    warnings: list[Sentence] = field(default_factory=list)

    def read(self) -> None:
        """Both typed texts become items without duplicates; the rating is settled."""
        self.vocabulary, self.ladder = Vocabulary.of(self.profile), Ladder.of(self.profile)
        self.chunks = self._typed(self.options.prompt, Sentence("prompt"))
        if is_hollow(self.chunks):
            raise InvalidRequest(
                "The prompt is empty. Describe the picture in tags, for example `1girl, smile`."
            )
        if self.options.above is Above.MOVE:
            self.chunks, self.moved, told = move(self.ladder, self.chunks, self.options.ceiling)
            self.warnings += told
        self.typed = keys_of(self.chunks)
        self.negative = self._typed(self.options.negative, Sentence("negative prompt"))
        self.rating, self.rating_reason, warnings = choose_rating(
            self.profile, self.ladder, texts_of(self.chunks), self.options.rating, self.options.ceiling
        )
        self.warnings += warnings
        if self.options.ceiling is not Rating.EXPLICIT:
            # What was typed may not weaken the words that keep the picture within its rating.
            self.chunks, self.negative, told = held_to(
                self.profile, self.ladder, self.chunks, self.negative, self.rating, self.options.ceiling
            )
            self.warnings += told
        protected = self.vocabulary.protects()
        for index, items in enumerate(self.chunks):
            self.chunks[index], dropped = drop_duplicates(items, protected)
            self.warnings += dropped
        for index, items in enumerate(self.negative):
            # `long hair` in a negative prompt says more than `very long hair`: only repetitions go.
            self.negative[index], _ = drop_repeated(items)

    def add_to_prompt(self) -> None:
        """Quality, rating, year and style tags, each family on its side; then the template's order."""
        front: list[Item] = []
        back: list[Item] = []
        quality = list(self._quality())
        year = list(year_items(self.vocabulary, self.options.year or ""))
        rated = rating_items(self.profile, self.vocabulary, self.rating, self.rating_reason)
        styles = style_items(self.profile, self.vocabulary, self.options.styles)
        if year:
            self._only_year(keys_of([[item] for item, _, _ in year]))
        present = keys_of(self.chunks)
        for item, kind, rule in (*quality, *rated, *year, *styles):
            if keys_of([[item]]) <= present:
                continue
            present |= keys_of([[item]])
            (front if self.vocabulary.side(kind) is TagSide.START else back).append(item)
            self.added.append(Added(_print([[item]]), rule, "prompt"))
        start = self._leading()
        self.chunks[0] = self.chunks[0][:start] + front + self.chunks[0][start:]
        self.chunks[-1] = self.chunks[-1] + back
        if self.options.order and not self.profile.template:
            self.warnings.append(
                Sentence("{model} documents no order of tags: they stay as typed.", model=self.profile.name)
            )
        elif self.options.order:
            special = self.vocabulary.special
            self.chunks = [order_items(items, self.profile.template, special) for items in self.chunks]

    def _leading(self) -> int:
        """How many documented tags of the front the member typed first; what is added there follows them."""
        for index, item in enumerate(self.chunks[0]):
            known = [self.vocabulary.special(key_of(tag)) for tag in item.tags]
            if not all(found and found[1] == START for found in known):
                return index
        return len(self.chunks[0])

    def add_to_negative(self) -> None:
        """Rating words to avoid, then the preset, before the member's own."""
        front: list[Item] = []
        present = keys_of(self.negative)
        for moved in self.moved:
            rule = Sentence("Moved from the prompt: it belongs to the rating `{step}`.", step=moved.step.value)
            self._avoid(items_of(moved.text, self.vocabulary.keep), rule, front, present)
        for word, step in words_to_avoid(self.profile, self.rating):
            rule = Sentence(
                "Keeps out the rating `{step}`: this picture is to be `{rating}`.",
                step=step.value,
                rating=self.rating.value,
            )
            if self.profile.ratings_remark:
                rule = Sentence("{rule} {remark}", rule=rule, remark=Sentence(self.profile.ratings_remark))
            self._avoid(items_of(word, self.vocabulary.keep), rule, front, present)
        prompt = keys_of(self.chunks)
        for preset in choose_presets(self.profile, self.options.negative_preset):
            rule = Sentence(
                "From the negative preset `{preset}` of {model}.", preset=preset.id, model=self.profile.name
            )
            items, fought = preset_items(preset, present, prompt, self.vocabulary.keep)
            self._avoid(items, rule, front, present)
            self.warnings += [
                Sentence(
                    "`{tag}` was left out of the negative prompt: {why}.", tag=tag, why=self._wish(key(tag))
                )
                for tag in fought
            ]
        first = front + (self.negative[0] if self.negative else [])
        self.negative = [first, *self.negative[1:]] if first else []

    def _wish(self, name: str) -> Sentence:
        """Who asks for a tag of the final prompt."""
        if name in self.typed:
            return Sentence("the prompt asks for it")
        if name in {key(word) for word in positive_words(self.profile, self.rating)}:
            return Sentence("the rating `{rating}` asks for it", rating=self.rating.value)
        return Sentence("it was added to the prompt")

    def finish(self) -> Composed:
        """Print both prompts; refuses what is too long to be painted."""
        for chunks, name in (
            (self.chunks, Sentence("prompt")),
            (self.negative, Sentence("negative prompt")),
        ):
            check_tokens(chunks, name, TokenMeter(self.profile.tokenizer))
        unique = tuple(dict.fromkeys(self.warnings))
        prompt = _print(self.chunks)
        rating = max(self.rating, rating_of_text(self.profile, prompt), key=lambda step: step.level)
        if rating.level > self.options.ceiling.level:
            # What was typed and what was added say it together.
            words = self.ladder.find(texts_of(read(prompt)))
            strongest = max(words, key=lambda word: word.step.level)
            raise refusal(strongest.text, strongest.step, self.options.ceiling)
        return Composed(prompt, _print(self.negative), tuple(self.added), unique, rating)

    def _typed(self, text: str, name: Sentence) -> list[list[Item]]:
        check_length(text, name)
        cleaned, invisible = clean(text, name)
        spelled, readings = spell_literals(cleaned)
        self.warnings += [*invisible, *readings]
        return read(spelled, self.vocabulary.keep)

    def _avoid(self, items: Iterable[Item], rule: Sentence, front: list[Item], present: set[str]) -> None:
        for item in items:
            if not keys_of([[item]]) <= present:
                front.append(item)
                present |= keys_of([[item]])
                self.added.append(Added(_print([[item]]), rule, "negative_prompt"))

    def _quality(self) -> Iterable[Chosen]:
        if self.options.quality is None:
            yield from self._recommended()
            return
        yield from quality_items(self.profile, self.vocabulary, self.options.quality)

    def _recommended(self) -> Iterable[Chosen]:
        """What is left to add of the card's string; the rest of what was typed of it goes beside that part."""
        rule = Sentence("The card of {model} recommends it for quality.", model=self.profile.name)
        string = recommended_items(self.vocabulary)
        levels = [item for item, kind in string if kind in QUALITY_KINDS]
        if typed := displacing(self.vocabulary, self.chunks):
            if not keys_of([levels]) <= keys_of(self.chunks):
                self.warnings.append(
                    Sentence(
                        "The recommended quality tags were not added: the prompt says `{typed}` itself.",
                        typed=typed,
                    )
                )
            levels = []
        self.chunks, beside = complete(self.chunks, levels)
        self.added += [Added(_print([[item]]), rule, "prompt") for item in beside]
        for item, kind in string:
            if item in levels or kind not in QUALITY_KINDS:
                yield item, kind, rule

    def _only_year(self, year: Collection[str]) -> None:
        """The option's year replaces the typed ones."""
        self.chunks, dropped = without_other_years(self.vocabulary, self.chunks, year)
        chosen = ", ".join(year)
        self.warnings += [
            Sentence("`{tag}` was left out: the year `{year}` was chosen.", tag=tag, year=chosen)
            for tag in dropped
        ]


def _print(chunks: Iterable[Iterable[Item]]) -> str:
    return render([spans(items) for items in chunks])

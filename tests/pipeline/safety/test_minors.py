"""The built-in list: what must be refused is, and what is harmless passes."""

from __future__ import annotations

import csv
import time

import pytest

from pipeline.safety import minors
from pipeline.safety.matcher import Kind, Rule, RuleSet
from pipeline.safety.minors import Finding
from tests.support.prompt_lists import DATA, lines


def test_every_spelling_language_and_combination_is_refused() -> None:
    """All of `tests/data/minors_refused.txt`."""
    listed = lines("minors_refused.txt")
    passed = []
    for each in listed:
        prompt, _, negative = each.partition("\t")
        if minors.look(prompt, negative, rated=False) is None:
            passed.append(each)
    print(f"built-in list: {len(listed) - len(passed)} of {len(listed)} refused")
    assert len(listed) >= 80
    assert passed == []


def test_harmless_prompts_pass() -> None:
    """At most one in a hundred of those with words that contain blocked ones; no age word alone is refused."""
    with (DATA / "realistic_rules.csv").open(encoding="utf-8", newline="") as file:
        rules = RuleSet(
            Rule(number=number, pattern=row["pattern"], kind=Kind(row["kind"]), note=row["note"])
            for number, row in enumerate(csv.DictReader(file))
        )
    prompts = lines("harmless_prompts.txt")
    built_in = [each for each in prompts if minors.look(each, "nsfw, nude, explicit", rated=False)]
    refused = {each for each in prompts if rules.blocked(each)} | set(built_in)
    print(
        f"harmless prompts: {len(refused)} of {len(prompts)} refused, {len(refused) / len(prompts):.2%}: {refused}"
    )
    assert len(prompts) >= 400
    assert built_in == []
    assert len(refused) <= len(prompts) / 100


@pytest.mark.parametrize(
    "prompt",
    ["1girl, child, playground", "school uniform", "kid goat", "10 years anniversary", "gothic lolita, lace",
     "1girl, school uniform, sensitive", "young woman, bikini", "naked mole rat, children", "mahou shoujo", "12 years"],
)  # fmt: skip
def test_innocent_use_passes(prompt: str) -> None:
    """An age word by itself says nothing."""
    assert minors.look(prompt, "nsfw, rating: explicit, nude", rated=False) is None


def test_sexual_words_in_the_negative_prompt_are_as_they_should_be() -> None:
    """They keep it out."""
    assert minors.look("child, park", "nsfw, nude, sex, rating: explicit, loli", rated=False) is None


def test_the_rating_counts_as_a_sexual_word() -> None:
    """Chosen by an option, it need not stand in the prompt."""
    assert minors.look("child, park", rated=True) == Finding("child", rated=True)
    assert minors.look("1girl, park", rated=True) is None


def test_the_negative_prompt_takes_nothing_off() -> None:
    """Neither clothes nor years; but only a whole tag does."""
    assert minors.look("child", "clothes", rated=False) == Finding("child", "clothes")
    assert minors.look("child", "torn clothes, bad anatomy", rated=False) is None
    assert minors.look("1girl, nude", "adult", rated=False) == Finding("adult", "nude")
    assert minors.look("1girl, nude", "adult humour", rated=False) is None


def test_adults_are_not_the_concern_of_this_list() -> None:
    """Ratings and rules of servers are."""
    for prompt in (
        "1girl, nude",
        "18 years old, nude",
        "adult woman, lingerie",
        "25 year old, sex",
        "112 years old, sex",
    ):
        assert minors.look(prompt, "lowres", rated=True) is None, prompt


def test_an_innocent_phrase_covers_only_itself() -> None:
    """What else stands in the prompt still counts."""
    assert minors.look("gothic lolita, lingerie", rated=False) is None
    assert minors.look("gothic lolita, child, lingerie", rated=False) == Finding("child", "lingerie")
    assert minors.look("naked eye view, child, naked", rated=False) == Finding("child", "naked")


def test_no_two_entries_are_the_same() -> None:
    """A list that is easy to read has each word once."""
    rules = [each for parts in (minors._PAINTED, minors._AVOIDED) for each in minors._rules(parts).rules]
    seen = [(rule.note, rule.pattern) for rule in rules]
    assert len(seen) == len(set(seen))


def test_it_is_fast_enough_for_the_event_loop() -> None:
    """A prompt of ordinary length takes about a millisecond; generous, for a machine that is busy."""
    minors.warm_up()
    text = ", ".join(f"tag number {n}, (smile:1.{n})" for n in range(20))
    begun = time.thread_time()
    for n in range(20):
        minors.look(f"{text}, {n}", "nsfw", rated=False)
    assert (time.thread_time() - begun) / 20 < 0.05


def test_a_date_spells_nothing() -> None:
    """Digits alone are no letters, however they are set apart."""
    for prompt in ("mac-10/11, gun", "10/11 night sky", "1girl, 10-11 o'clock"):
        assert minors.look(prompt, rated=True) is None, prompt


def test_characters_whose_names_sound_young_may_have_a_body() -> None:
    """Names and titles are on the list of what is innocent, also next to words of two pieces."""
    for prompt in ("nakano nino, large breasts", "high school dxd, lingerie", "gothic lolita, lingerie"):
        assert minors.look(prompt, rated=False) is None, prompt

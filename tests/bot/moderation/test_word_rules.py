"""Word rules and the built-in list hold at every way to a picture, at once and after a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.app import App, open_app
from bot.moderation.rule_test import Trial
from bot.moderation.word_rules import MAX_NOTE, new_rule
from bot.orders import LOCAL, Lineage, Origin
from bot.settings import Settings
from db.audit import Entry
from db.errors import DatabaseError
from pipeline.errors import InvalidRequest, MemberError
from pipeline.safety.matcher import MAX_RULES, Kind
from tests.bot.conftest import request
from tests.support.prompt_lists import lines
from tests.support.scripted_engine import ScriptedEngine


def entry(guild: int = 1, action: str = "rule.add") -> Entry:
    """A moderator's decision."""
    return Entry(guild_id=guild, actor_id=9, actor_name="mod", action=action)


async def block(app: App, pattern: str, *, kind: Kind = Kind.BLOCK, note: str = "", guild: int = 1) -> int:
    """Add a rule; returns its number."""
    return (await app.moderation.words.add(pattern, kind, note, entry(guild))).number


async def test_a_blocked_word_is_refused_with_the_rule(app: App, member: Origin) -> None:
    """Its number, its words, and what was typed; nothing is queued."""
    number = await block(app, "sword*")
    with pytest.raises(MemberError) as refused:
        await app.studio.submit(member, request(prompt="1girl, ｓｗ0rds, hat"))
    assert refused.value.text == (
        f"Rule #{number} of this server, `sword*`, does not allow `ｓｗ0rds`. Please take it out of the prompt."
    )
    assert app.studio.waiting_jobs() == ()


async def test_the_note_of_a_rule_is_told(app: App, member: Origin) -> None:
    """Instead of the advice."""
    await block(app, "sword", note="No weapons before noon.")
    with pytest.raises(MemberError, match=r"does not allow `sword`: No weapons before noon\."):
        await app.studio.planned(member, request(prompt="sword"))


async def test_a_rule_holds_in_its_server_only(app: App, member: Origin) -> None:
    """Others paint on."""
    await block(app, "sword")
    await app.studio.planned(replace(member, guild_id=2), request(prompt="sword"))


async def test_a_rule_of_the_instance_holds_everywhere(app: App, member: Origin) -> None:
    """And says so; a server's exception does not lift it."""
    await block(app, "sword", guild=0)
    await block(app, "sword", kind=Kind.ALLOW)
    with pytest.raises(MemberError, match="of this bot, `sword`"):
        await app.studio.planned(member, request(prompt="sword"))


async def test_an_exception_lets_pass(app: App, member: Origin) -> None:
    """Only what it says."""
    await block(app, "*dict*")
    await block(app, "addiction", kind=Kind.ALLOW)
    await app.studio.planned(member, request(prompt="addiction"))
    with pytest.raises(MemberError, match="dictator"):
        await app.studio.planned(member, request(prompt="addiction, dictator"))


async def test_a_rule_does_not_concern_the_negative_prompt(app: App, member: Origin) -> None:
    """What stands there is kept out of the picture."""
    await block(app, "sword")
    await app.studio.planned(member, request(negative="sword"))


async def test_options_are_part_of_what_is_asked_for(app: App, member: Origin) -> None:
    """Also what the model's card adds by itself."""
    await block(app, "masterpiece")
    with pytest.raises(MemberError, match="masterpiece"):
        await app.studio.planned(member, request(quality=("masterpiece",)))
    with pytest.raises(MemberError, match="masterpiece"):
        await app.studio.planned(member, request())


async def test_a_recipe_that_was_planned_before_the_rule_is_refused(app: App, member: Origin) -> None:
    """As those of buttons and of old jobs are."""
    planned = await app.studio.planned(member, request(prompt="sword"))
    await block(app, "sword")
    with pytest.raises(MemberError, match="does not allow `sword`"):
        await app.studio.submit(member, request(), planned)


async def test_a_removed_rule_holds_no_more(app: App, member: Origin) -> None:
    """A second time there is nothing to remove, and nothing in the log."""
    number = await block(app, "sword")
    with pytest.raises(MemberError, match="no rule"):
        await app.moderation.words.remove(number, entry(2, "rule.remove"))
    await app.moderation.words.remove(number, entry(action="rule.remove"))
    await app.studio.planned(member, request(prompt="sword"))
    with pytest.raises(MemberError, match=f"no rule #{number}"):
        await app.moderation.words.remove(number, entry(action="rule.remove"))
    assert [each.entry.action for each in await app.moderation.audit.newest(1, 10)] == [
        "rule.remove",
        "rule.add",
    ]


async def test_rules_survive_a_restart(settings: Settings, engine: ScriptedEngine, member: Origin) -> None:
    """And numbers are never given out again."""
    async with open_app(settings, make_engine=lambda _: engine) as app:
        first = await block(app, "sword")
        second = await block(app, "shield")
        await app.moderation.words.remove(second, entry())
    async with open_app(settings, make_engine=lambda _: engine) as app:
        with pytest.raises(MemberError, match=f"Rule #{first}"):
            await app.studio.planned(member, request(prompt="sword"))
        assert await block(app, "helmet") > second


async def test_the_same_words_are_one_rule(app: App) -> None:
    """Whatever they are spelled like; the one that is there is named."""
    number = await block(app, "big sword")
    with pytest.raises(InvalidRequest, match=f"#{number}, `big sword`"):
        await block(app, "BIG_ｓｗｏｒｄ", kind=Kind.ALLOW)
    assert len(app.moderation.words.of(1)) == 1


async def test_there_are_only_so_many(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says how many."""
    monkeypatch.setattr("bot.moderation.word_rules.MAX_RULES", 1)
    await block(app, "sword")
    with pytest.raises(InvalidRequest, match="may have 1 rules"):
        await block(app, "shield")
    with pytest.raises(InvalidRequest, match="would be 2"):
        await app.moderation.words.take_in([new_rule("axe", Kind.BLOCK)], entry(), instead=False)
    await app.moderation.words.take_in([new_rule("axe", Kind.BLOCK)], entry(), instead=True)
    assert [rule.pattern for rule in app.moderation.words.of(1)] == ["axe"]


async def test_a_long_note_is_refused(app: App) -> None:
    """Before anything is written."""
    with pytest.raises(InvalidRequest, match=f"may have {MAX_NOTE} characters"):
        await block(app, "sword", note="x" * (MAX_NOTE + 1))
    assert app.moderation.words.of(1) == ()


async def test_an_import_is_all_or_nothing(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written changes nothing, in the database or in memory."""
    await block(app, "sword")

    async def broken(*_: object) -> None:
        raise DatabaseError("full.")

    monkeypatch.setattr("db.word_rules.add_entry", broken)
    with pytest.raises(DatabaseError):
        await app.moderation.words.take_in([new_rule("axe", Kind.BLOCK)], entry(), instead=True)
    assert [rule.pattern for rule in app.moderation.words.of(1)] == ["sword"]
    await app.moderation.words.load()
    assert [rule.pattern for rule in app.moderation.words.of(1)] == ["sword"]


async def test_an_import_tells_what_it_did(app: App) -> None:
    """New, changed, removed; unchanged rules keep their numbers."""
    kept = await block(app, "sword")
    await block(app, "shield")
    await block(app, "axe")
    rules = [new_rule("sword", Kind.BLOCK), new_rule("axe", Kind.ALLOW, "fine"), new_rule("bow", Kind.BLOCK)]
    done = await app.moderation.words.take_in(rules, entry(), instead=True)
    assert (done.added, done.changed, done.removed) == (1, 1, 1)
    here = {rule.pattern: rule for rule in app.moderation.words.of(1)}
    assert set(here) == {"sword", "axe", "bow"}
    assert here["sword"].number == kept
    assert (here["axe"].kind, here["axe"].note) == (Kind.ALLOW, "fine")


async def test_as_many_rules_as_there_may_be_are_taken_in(app: App, member: Origin) -> None:
    """At once, and they hold."""
    rules = [new_rule(f"thing{n}", Kind.BLOCK) for n in range(MAX_RULES)]
    await app.moderation.words.take_in(rules, entry(), instead=False)
    with pytest.raises(MemberError, match="thing9999"):
        await app.studio.planned(member, request(prompt="thing9999"))


# -- the built-in list ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["member", "cli"])
async def test_the_built_in_list_holds_everywhere(app: App, member: Origin, origin: str) -> None:
    """At the command line, too, where the owner decides everything else."""
    who = LOCAL if origin == "cli" else member
    with pytest.raises(MemberError, match="`loli` is never painted"):
        await app.studio.planned(who, request(prompt="loli"))
    with pytest.raises(MemberError, match="`child` and `nude` are never painted together"):
        await app.studio.planned(who, request(prompt="nude, child"))
    with pytest.raises(MemberError, match="never painted with the ratings"):
        await app.studio.planned(who, request(prompt="child", rating="explicit"))


async def test_no_exception_lifts_it(app: App, member: Origin) -> None:
    """Neither of a server nor of the instance."""
    await block(app, "loli", kind=Kind.ALLOW)
    await block(app, "loli", kind=Kind.ALLOW, guild=0)
    with pytest.raises(MemberError, match="nobody can switch it off"):
        await app.studio.planned(member, request(prompt="loli"))


async def test_children_who_play_are_painted(app: App, member: Origin) -> None:
    """With all that the card adds, and with sexual words kept out."""
    planned = await app.studio.planned(member, request(prompt="child, playground", negative="nsfw, nude"))
    assert "nsfw" in planned.recipes[0].negative_prompt


async def test_a_combination_split_over_prompt_and_option_is_refused(app: App) -> None:
    """Recipes are judged as they would be painted."""
    planned = await app.studio.planned(LOCAL, request(prompt="1girl", rating="explicit"))
    changed = replace(planned, recipes=(replace(planned.recipes[0], prompt="child, park"),))
    with pytest.raises(MemberError, match="never painted with the ratings"):
        await app.studio.submit(LOCAL, request(), changed)


async def test_the_picture_to_start_from_counts(app: App, engine: ScriptedEngine) -> None:
    """Its words and its rating go into what is made of it."""
    accepted = await app.studio.submit(LOCAL, request(prompt="1girl, nude"))
    async for _ in app.studio.changes(accepted.job.id):
        pass
    job = await app.studio.job(accepted.job.id)
    assert job is not None
    source = job.images[0].sha256 or ""
    assert source
    planned = await app.studio.planned(LOCAL, request(prompt="child, park"))
    recipes = tuple(replace(each, init_image=source, strength=0.9) for each in planned.recipes)
    with pytest.raises(MemberError, match="`child` and `nude`"):
        await app.studio.submit(LOCAL, request(), replace(planned, recipes=recipes), Lineage("edit"))
    await app.studio.submit(LOCAL, request(), planned)


# -- trying --------------------------------------------------------------------------------------------------


async def test_a_trial_shows_what_matches_and_queues_nothing(app: App, member: Origin) -> None:
    """Rules that block, what is allowed, the instance's, and the built-in list."""
    await block(app, "*dict*")
    await block(app, "addiction", kind=Kind.ALLOW)
    await block(app, "sword", guild=0)
    trial = Trial(app.studio, app.moderation.words)
    outcome = trial.run(member, "dictator, addiction, Sword, child")
    assert [(each.rule.pattern, each.quote, each.allowed) for each in outcome.here] == [
        ("*dict*", "dictator", False),
        ("*dict*", "addiction", True),
        ("addiction", "addiction", False),
    ]
    assert [each.quote for each in outcome.everywhere] == ["Sword"]
    assert [each.quote for each in outcome.built_in] == ["child"]
    assert outcome.refused is None
    assert outcome.blocked
    assert app.studio.waiting_jobs() == ()
    assert not trial.run(member, "addiction, child").blocked


async def test_a_trial_sees_what_the_model_would_be_given(app: App, member: Origin) -> None:
    """Tags of the card as well; and says when a prompt cannot be painted at all."""
    await block(app, "masterpiece")
    trial = Trial(app.studio, app.moderation.words)
    assert trial.run(member, "1girl").blocked
    assert trial.run(member, "nude").problem is not None
    assert trial.run(member, "loli").refused is not None


# -- the lists -----------------------------------------------------------------------------------------------


def test_nothing_of_the_list_reaches_the_engine(app: App) -> None:
    """Not even from the command line; each is refused by the rule that is named."""
    reached = []
    for line in lines("minors_refused.txt"):
        prompt, _, negative = line.partition("\t")
        try:
            app.studio.plan(LOCAL, request(prompt=prompt, negative=negative))
        except MemberError as error:
            if "built-in rule" in error.text:
                continue
        reached.append(line)
    assert reached == []


def test_harmless_prompts_are_planned(app: App) -> None:
    """With all that the model's card adds to them."""
    refused = []
    for prompt in lines("harmless_prompts.txt"):
        try:
            app.studio.plan(LOCAL, request(prompt=prompt))
        except MemberError as error:
            refused.append((prompt, error.text))
    assert refused == []

"""`/mod rule`: a moderator adds, tries, lists, exports and imports rules, and members are refused by them."""

from __future__ import annotations

import json
from typing import Any

import discord
import pytest

from db.audit import Entry
from pipeline.safety.matcher import Kind
from tests.support.simcord_env import World, answer_of, buttons_of


async def add(world: World, word: str, **options: Any) -> str:
    """Add a rule as the moderator; returns the answer."""
    return answer_of(await world.mod.slash(world.channel, "mod rule add", word=word, **options))


async def many(world: World, count: int) -> None:
    """Add rules without Discord."""
    for number in range(count):
        entry = Entry(guild_id=world.guild.id, actor_id=1, actor_name="m", action="rule.add")
        await world.app.moderation.words.add(f"thing{number:03}", Kind.BLOCK, "", entry)


async def actions(world: World) -> list[str]:
    """The newest decisions of the log."""
    return [each.entry.action for each in await world.app.moderation.audit.newest(world.guild.id, 20)]


async def test_a_rule_refuses_at_once(world: World) -> None:
    """The member reads its number, its words, what they typed and the note, escaped; nobody is named."""
    assert "blocks `sword*`" in await add(world, "sword*", note="No @everyone **weapons**")
    result = await world.imagine(prompt="1girl, s.w.o.r.d")
    told = answer_of(result)
    assert "Rule #1 of this server, `sword*`, does not allow `s.w.o.r.d`" in told
    assert r"\*\*weapons\*\*" in told
    assert "@everyone" not in told
    assert "mod" not in told
    assert world.app.studio.waiting_jobs() == ()
    assert await actions(world) == ["rule.add"]


async def test_it_holds_for_moderators_in_threads_and_after_a_restart(world: World) -> None:
    """And for what was painted before."""
    await world.imagine(prompt="sword, night")
    await world.finished()
    await add(world, "sword")
    channel: Any = world.bot.get_channel(world.channel.id)
    await channel.create_thread(name="talk", type=discord.ChannelType.public_thread)
    [thread] = world.channel.threads
    for actor, place in ((world.mod, world.channel), (world.alice, thread)):
        assert "Rule #1" in answer_of(await actor.slash(place, "imagine", prompt="sword"))
    await world.restart()
    assert "Rule #1" in answer_of(await world.imagine(prompt="sword"))
    assert "Rule #1" in answer_of(await world.alice.slash(world.channel, "rerun", job="1"))
    assert "Rule #1" in answer_of(await world.bob.click(world.galleries()[0], label="Reroll"))
    assert world.app.studio.waiting_jobs() == ()


async def test_an_exception_is_a_rule_of_its_own(world: World) -> None:
    """The longer word passes."""
    await add(world, "*dict*")
    assert "allows `addiction`" in await add(world, "addiction", kind="allow")
    await world.imagine(prompt="addiction")
    await world.finished()
    assert len(world.galleries()) == 1
    assert "`dictator`" in answer_of(await world.imagine(prompt="addiction, dictator"))


async def test_a_rule_that_cannot_be_is_refused(world: World) -> None:
    """With a sentence, and nothing in the log."""
    assert "would match almost everything" in await add(world, "*")
    assert "regular expression" in await add(world, "(a+)+$")
    await add(world, "sword")
    assert "already: #1, `sword`" in await add(world, "SWORD")
    assert await actions(world) == ["rule.add"]


async def test_a_rule_is_removed_by_its_number(world: World) -> None:
    """Which autocomplete finds by its words; a second time there is none."""
    await add(world, "sword")
    await add(world, "shield")
    [found] = await world.mod.autocomplete(world.channel, "mod rule remove", "number", "shi")
    assert (found["name"], found["value"]) == ("#2 block shield", 2)
    assert len(await world.mod.autocomplete(world.channel, "mod rule remove", "number", "")) == 2
    removed = await world.mod.slash(world.channel, "mod rule remove", number=2)
    assert "blocks `shield`" in answer_of(removed)
    again = await world.mod.slash(world.channel, "mod rule remove", number=2)
    assert "There is no rule #2" in answer_of(again)
    far = await world.mod.slash(world.channel, "mod rule remove", number=2**52)
    assert "There is no rule" in answer_of(far)
    assert await actions(world) == ["rule.remove", "rule.add", "rule.add"]
    await world.imagine(prompt="shield")
    await world.finished()
    assert len(world.galleries()) == 1


async def test_a_rule_of_another_server_is_out_of_reach(world: World) -> None:
    """Its number is nobody's here."""
    entry = Entry(guild_id=7, actor_id=1, actor_name="m", action="rule.add")
    rule = await world.app.moderation.words.add("sword", Kind.BLOCK, "", entry)
    result = await world.mod.slash(world.channel, "mod rule remove", number=rule.number)
    assert "There is no rule" in answer_of(result)
    assert "No rules here yet" in answer_of(await world.mod.slash(world.channel, "mod rule list"))
    assert len(world.app.moderation.words.of(7)) == 1


async def test_the_list_has_pages(world: World) -> None:
    """The newest first; buttons turn them, also after a restart."""
    await many(world, 23)
    result = await world.mod.slash(world.channel, "mod rule list")
    assert result.ephemeral
    assert "Rules: 23 (page 1 of 3)" in answer_of(result)
    assert "thing022" in answer_of(result)
    assert buttons_of(result.response) == ["Newer", "Older"]
    await world.restart()
    assert result.response is not None
    turned = await world.mod.click(result.response, label="Older")
    assert "page 2 of 3" in answer_of(turned)
    assert "thing012" in answer_of(turned)
    some = await world.mod.slash(world.channel, "mod rule list", text="thing00")
    assert "Rules: 10 (page 1 of 2)" in answer_of(some)
    assert "No rule has these letters" in answer_of(
        await world.mod.slash(world.channel, "mod rule list", text="axe")
    )


async def test_only_moderators_turn_pages(world: World) -> None:
    """Somebody who was one when the list was shown is refused."""
    await many(world, 12)
    result = await world.mod.slash(world.channel, "mod rule list")
    assert result.response is not None
    world.env.backend.guilds[world.guild.id].members[world.mod.id].role_ids.clear()
    told = await world.mod.click(result.response, label="Older")
    assert "Only moderators" in answer_of(told)


async def test_a_trial_tells_which_rules_match(world: World) -> None:
    """Without queueing anything, and in private."""
    await add(world, "*dict*")
    await add(world, "addiction", kind="allow")
    result = await world.mod.slash(world.channel, "mod rule test", prompt="dict`ator, addiction, child")
    assert result.ephemeral
    told = answer_of(result)
    assert "This prompt would be refused" in told
    assert "`#1` blocks `*dict*` → `dict'ator`" in told or "→ `dict`" in told
    assert "→ `addiction` (allowed by another rule)" in told
    assert "`child` – an age, refused together with sexual words" in told
    fine = answer_of(await world.mod.slash(world.channel, "mod rule test", prompt="addiction, hat"))
    assert "No rule refuses this prompt" in fine
    built_in = answer_of(await world.mod.slash(world.channel, "mod rule test", prompt="loli"))
    assert "built-in rule against sexualised minors refuses `loli`" in built_in
    assert world.app.studio.waiting_jobs() == ()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_what_is_exported_can_be_imported(world: World, form: str) -> None:
    """Into a server that has none."""
    await add(world, "sword*", note="=1+1")
    await add(world, "swordfish", kind="allow")
    before = world.app.moderation.words.of(world.guild.id)
    result = await world.mod.slash(world.channel, "mod rule export", format=form)
    assert result.ephemeral
    assert result.response is not None
    [file] = result.response.attachments
    assert file.filename == f"rules-{world.guild.id}.{form}"
    data = await file.read()
    for number in (1, 2):
        await world.mod.slash(world.channel, "mod rule remove", number=number)
    done = await world.mod.slash(world.channel, "mod rule import", file=(file.filename, data))
    assert "New rules: 2, changed: 0, removed: 0" in answer_of(done)
    after = world.app.moderation.words.of(world.guild.id)
    assert [(r.pattern, r.kind, r.note) for r in after] == [(r.pattern, r.kind, r.note) for r in before]
    assert (await actions(world))[0] == "rule.import"
    assert "Rule #3" in answer_of(await world.imagine(prompt="swords"))


async def test_an_import_may_take_the_place_of_all(world: World) -> None:
    """Only when that was asked for."""
    await add(world, "sword")
    file = ("rules.jsonl", json.dumps({"pattern": "bow"}).encode())
    added = await world.mod.slash(world.channel, "mod rule import", file=file)
    assert "New rules: 1, changed: 0, removed: 0" in answer_of(added)
    replaced = await world.mod.slash(world.channel, "mod rule import", file=file, replace=True)
    assert "New rules: 0, changed: 0, removed: 1" in answer_of(replaced)
    assert [rule.pattern for rule in world.app.moderation.words.of(world.guild.id)] == ["bow"]


async def test_a_broken_file_changes_nothing(world: World) -> None:
    """Its lines are named."""
    data = b"kind,pattern,note\nblock,sword,\nblock,*,\nblock,=cmd,\n"
    told = answer_of(await world.mod.slash(world.channel, "mod rule import", file=("r.csv", data)))
    assert "Nothing was imported" in told
    assert "Line 3: `*` would match almost everything" in told
    assert "Line 4: `=cmd` begins as a formula" in told
    other = answer_of(
        await world.mod.slash(world.channel, "mod rule import", file=("r.csv", "pattern\nä".encode("cp1252")))
    )
    assert "Line 2 of this file is not UTF-8" in other
    assert world.app.moderation.words.of(world.guild.id) == ()
    assert await actions(world) == []


async def test_a_large_file_is_not_even_downloaded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord tells its size."""
    monkeypatch.setattr("bot.moderation.rule_files.MAX_BYTES", 100)

    async def never(*_: object, **__: object) -> bytes:
        raise AssertionError

    monkeypatch.setattr(discord.Attachment, "read", never)
    result = await world.mod.slash(world.channel, "mod rule import", file=("r.csv", b"pattern\n" * 100))
    assert "a file of rules may have" in answer_of(result)


async def test_there_is_nothing_to_export_at_first(world: World) -> None:
    """It says how to begin."""
    assert "has no rules yet" in answer_of(await world.mod.slash(world.channel, "mod rule export"))


@pytest.mark.parametrize("name", ["add", "remove", "list", "test", "import", "export"])
async def test_members_do_not_have_the_commands(world: World, name: str) -> None:
    """Discord hides them."""
    assert f"mod rule {name}" in world.mod.available_commands(world.channel)
    assert f"mod rule {name}" not in world.alice.available_commands(world.channel)


async def test_the_built_in_list_holds_for_moderators_too(world: World) -> None:
    """In any channel, and whatever they allow."""
    await add(world, "child", kind="allow")
    told = answer_of(await world.imagine(world.mod, prompt="child, loli"))
    assert "`loli` is never painted" in told
    channel: Any = world.bot.get_channel(world.channel.id)
    channel.nsfw = True
    told = answer_of(await world.imagine(world.mod, prompt="child, nude"))
    assert "`child` and `nude` are never painted together" in told
    told = answer_of(await world.imagine(world.mod, prompt="child", rating="questionable"))
    assert "never painted with the ratings" in told
    channel.nsfw = False
    await world.imagine(prompt="child, playground", negative="nude")
    await world.finished()
    assert len(world.galleries()) == 1

"""`/mod audit search` and `export`, as moderators use them."""

from __future__ import annotations

from typing import Any

import pytest

from cogs.mod.audit_pages import AuditTurnButton, Wanted, packed, unpacked
from tests.support.moderating import decision, last_entry, owner_of, restricted_channel, thread_of
from tests.support.simcord_env import World, answer_of, buttons_of, raw_components, text_of
from tests.support.wire import walk


async def fill(world: World, count: int = 30) -> None:
    """Decisions with numbers in their reasons."""
    for number in range(1, count + 1):
        what = decision(world, "rule.add" if number % 10 == 0 else "ban.add", reason=f"number {number}.")
        await world.app.moderation.audit.add(what)


async def search(world: World, **options: Any) -> Any:
    """By the moderator."""
    result = await world.mod.slash(world.channel, "mod audit search", **options)
    assert result.ephemeral
    return result


async def test_pages_turn_also_after_a_restart(world: World) -> None:
    """And keep what was looked for."""
    await fill(world)
    shown = await search(world, member=world.alice, text="number")
    assert "number 30." in answer_of(shown)
    assert "number 18." not in answer_of(shown)
    await world.restart()
    await world.mod.click(shown.response, label="Older")
    assert "number 18." in text_of(shown.response)
    await world.mod.click(shown.response, label="Older")
    assert "number 1." in text_of(shown.response)
    await world.mod.click(shown.response, label="Newer")
    assert "number 18." in text_of(shown.response)


@pytest.mark.parametrize(
    ("options", "there", "not_there"),
    [
        ({"area": "rule"}, "number 20.", "number 21."),
        ({"text": "NUMBER 7."}, "number 7.", "number 8."),
        ({"days": 1}, "number 30.", "fits"),
    ],
)
async def test_filters(world: World, options: dict[str, Any], there: str, not_there: str) -> None:
    """Each is named above what it found."""
    await fill(world)
    text = answer_of(await search(world, **options))
    assert there in text
    assert not_there not in text


async def test_nothing_that_fits_says_so(world: World) -> None:
    """And a wrong area gets a sentence."""
    assert "No decision" in answer_of(await search(world, member=world.bob))
    assert "no kind of decision" in answer_of(await search(world, area="ban; drop"))


async def test_areas_are_suggested(world: World) -> None:
    """Those that there are."""
    await fill(world, 10)
    found = await world.mod.autocomplete(world.channel, "mod audit search", "area", "")
    assert [each["value"] for each in found] == ["ban", "rule"]


def test_every_filter_fits_into_a_button() -> None:
    """With ids as long as Discord's will be in decades, and text in any alphabet."""
    wanted = Wanted(user_id=2**63 - 1, actor_id=2**63 - 1, area="a" * 16, days=3650, text="語:" * 12 + "x")
    button = AuditTurnButton(10**9, wanted, newer=True)
    assert len(button.item.custom_id or "") <= 100
    assert unpacked(packed(wanted)) == wanted


async def test_the_button_asks_who_presses(world: World) -> None:
    """Discord shows the answer to the moderator alone; the button checks for itself all the same."""
    await fill(world)
    from cogs.fate import NOBODY
    from cogs.mod.audit_pages import page

    view = await page(world.app.enforcement.search, world.guild.id, Wanted())
    channel = world.bot.get_partial_messageable(world.channel.id, guild_id=world.guild.id)
    await channel.send(view=view, allowed_mentions=NOBODY)
    await world.env.settle()
    message = world.history()[0]
    assert "Only moderators" in answer_of(await world.alice.click(message, label="Older"))
    assert buttons_of(message) == ["Newer", "Older"]
    assert [c["disabled"] for c in walk(raw_components(message)) if c.get("type") == 2] == [True, False]


async def test_the_log_is_exported(world: World) -> None:
    """As a file for the moderator alone, and that is in the log, too."""
    await fill(world, 3)
    result = await world.mod.slash(world.channel, "mod audit export")
    assert result.ephemeral
    (sent,) = [each for each in result.followups if each.attachments]
    assert [each.filename for each in sent.attachments] == ["audit-1.csv"]
    assert "3 decisions in 1 file" in text_of(result.response) + answer_of(result)
    entry = await last_entry(world)
    assert (entry.action, entry.details) == ("audit.export", {"entries": 3})
    assert list(world.app.settings.exports.iterdir()) == []


async def test_files_that_discord_refuses_end_it_with_a_sentence(world: World) -> None:
    """And leave nothing on the disk."""
    await fill(world, 3)
    world.wire.upload_limit = 50
    result = await world.mod.slash(world.channel, "mod audit export")
    assert "Discord takes no files" in text_of(result.response) + answer_of(result)
    assert list(world.app.settings.exports.iterdir()) == []


async def test_everywhere_in_the_server(world: World) -> None:
    """Threads, channels for adults, by the owner; not by members, and not in direct messages."""
    await fill(world, 1)
    for place in (await thread_of(world), await restricted_channel(world)):
        for command in ("mod audit search", "mod audit recent", "mod audit export"):
            result = await owner_of(world).slash(place, command)
            assert result.ephemeral
    for command in ("mod audit search", "mod audit export", "mod member"):
        options = {"member": world.bob} if command == "mod member" else {}
        with pytest.raises(Exception, match=r"(?i)permission"):
            await world.alice.slash(world.channel, command, **options)
        with pytest.raises(Exception, match=r"(?i)mod"):
            await world.mod.user.slash(command, **options)

"""What the use cases of settings hand to those who paint."""

from __future__ import annotations

import dataclasses

import pytest

from bot.app import App
from bot.defaults import Options
from bot.orders import Origin
from bot.preferences import Setting, checked_name, folded
from db.errors import DatabaseError
from pipeline.errors import InvalidRequest


async def test_privacy_is_told_beside_the_request(app: App, member: Origin) -> None:
    """The request itself knows none."""
    assert not (await app.preferences.effective(member, "1girl", Options())).private
    await app.preferences.set_private(member.user_id, "m", private=True)
    assert (await app.preferences.effective(member, "1girl", Options())).private
    assert await app.preferences.private_default(member.user_id)
    assert not await app.preferences.private_default(member.user_id + 1)


async def test_a_long_prompt_is_filled_in_the_same_way(app: App, member: Origin) -> None:
    """On a thread, but not otherwise."""
    await app.preferences.set(member.user_id, "m", Setting.COUNT, "3")
    asked = await app.preferences.effective(member, "1girl, smile, " * 300, Options())
    assert asked.request.count == 3


async def test_the_warnings_of_defaults_come_before_the_plans(app: App, member: Origin) -> None:
    """Only the first few are shown under a result."""
    await app.preferences.set(member.user_id, "m", Setting.RATING, "questionable")
    asked = await app.preferences.effective(member, "1girl", Options(steps=3))
    planned = await app.studio.planned(member, asked.request)
    assert planned.warnings
    assert planned.warned(asked.warnings).warnings == (*asked.warnings, *planned.warnings)


@pytest.mark.parametrize(
    ("setting", "text", "sentence"),
    [
        (Setting.MODEL, "animagine", "no model called"),
        (Setting.ASPECT, "9:99", "no aspect"),
        (Setting.NEGATIVE, "heavy", "no negative preset"),
        (Setting.COUNT, "5", "from 1 to 4"),
        (Setting.RATING, "spicy", "not a rating"),
    ],
)
async def test_a_wrong_default_is_refused(
    app: App, member: Origin, setting: Setting, text: str, sentence: str
) -> None:
    """And nothing is set."""
    with pytest.raises(InvalidRequest, match=sentence):
        await app.preferences.set(member.user_id, "m", setting, text)
    assert not await app.preferences.reset(member.user_id)


async def test_a_preset_of_another_version_says_what_it_still_can(app: App, member: Origin) -> None:
    """Options that this version does not know are left out."""
    await app.preferences.save(member.user_id, "m", "x", Options(steps=20))
    tables = app.preferences._tables
    stored = await tables.preset(member.user_id, "x")
    assert stored is not None
    for text, expected in (
        ('{"steps": 9, "later": [1]}', Options(steps=9)),
        ("[]", Options()),
        ("{", Options()),
    ):
        await tables.save(member.user_id, "m", dataclasses.replace(stored, options=text), "x", cap=1)
        assert (await app.preferences.preset(member.user_id, "x")).options == expected


async def test_half_a_character_cannot_be_stored(app: App, member: Origin) -> None:
    """With a sentence, and nothing is."""
    with pytest.raises((DatabaseError, InvalidRequest)):
        await app.preferences.save(member.user_id, "m", "x", Options(negative="\ud800"))
    assert await app.preferences.presets(member.user_id) == ()


def test_names_are_the_same_in_any_case_width_and_spacing() -> None:
    """As members type them."""
    assert folded("  Night\u3000 WALK") == folded("ｎｉｇｈｔ walk") == "night walk"
    assert checked_name("  Night\u3000 Walk ") == "Night Walk"

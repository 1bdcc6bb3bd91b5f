"""CONTROL_GUILD and OWNER_IDS: ids as Discord copies them."""

from __future__ import annotations

import pytest

from bot.settings import SettingsError, read_settings


def test_ids_are_read() -> None:
    """Separated by commas or spaces; nineteen digits fit."""
    settings = read_settings(
        {"CONTROL_GUILD": "1234567890123456789", "OWNER_IDS": "1, 2 1234567890123456789"}, None
    )
    assert settings.control_guild == 1234567890123456789
    assert settings.owner_ids == (1, 2, 1234567890123456789)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONTROL_GUILD", "x"),
        ("CONTROL_GUILD", "1, 2"),
        ("CONTROL_GUILD", "-1"),
        ("OWNER_IDS", "alice"),
        ("OWNER_IDS", "9" * 20),
    ],
)
def test_anything_else_is_refused_by_name(name: str, value: str) -> None:
    """The sentence names the setting."""
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value}, None)

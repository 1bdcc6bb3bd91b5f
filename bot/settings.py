"""The settings: one frozen dataclass, filled from the environment and `.env`, every value checked at start."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values

from pipeline.errors import MemberError
from pipeline.profiles.types import Rating

TOKEN_SHAPE: Final = re.compile(r"[\w-]{18,}\.[\w-]{6}\.[\w-]{20,}")
"""A bot token: application id in base64, a six-sign time stamp and a signature, joined by dots."""
WEIGHTS_PREFIX: Final = "WEIGHTS_"


class SettingsError(MemberError):
    """A setting is wrong: the text names it and says what would be right."""


def _text(name: str, value: str) -> str:  # noqa: ARG001 - all converters share one shape
    return value


def _path(name: str, value: str) -> Path:
    if "\0" in value:
        raise SettingsError("{name} is not a path.", name=name)
    return Path(value).expanduser()


def _whole(minimum: int, maximum: int) -> Callable[[str, str], int]:
    def convert(name: str, value: str) -> int:
        if not re.fullmatch(r"-?\d{1,18}", value) or not minimum <= int(value) <= maximum:
            raise SettingsError(
                "{name} must be a whole number from {low} to {high}, and it is `{value}`.",
                name=name,
                low=minimum,
                high=maximum,
                value=value,
            )
        return int(value)

    return convert


def _choice(*allowed: str) -> Callable[[str, str], str]:
    def convert(name: str, value: str) -> str:
        if value.lower() not in allowed:
            raise SettingsError(
                "{name} must be one of {allowed}, and it is `{value}`.",
                name=name,
                allowed=", ".join(allowed),
                value=value,
            )
        return value.lower()

    return convert


def _switch(name: str, value: str) -> bool:
    return _choice("on", "off")(name, value) == "on"


def _ids(name: str, value: str) -> tuple[int, ...]:
    parts = re.split(r"[\s,]+", value.strip())
    if not all(re.fullmatch(r"[0-9]{1,19}", part) and 0 < int(part) < 2**63 for part in parts):
        raise SettingsError(
            "{name} must be ids as Discord copies them, separated by commas, and it is `{value}`.",
            name=name,
            value=value,
        )
    return tuple(int(part) for part in parts)


def _id(name: str, value: str) -> int:
    ids = _ids(name, value)
    if len(ids) != 1:
        raise SettingsError("{name} must be a single id, and it is `{value}`.", name=name, value=value)
    return ids[0]


def _rating(highest: Rating) -> Callable[[str, str], Rating]:
    allowed = [rating for rating in Rating if rating.level <= highest.level]

    def convert(name: str, value: str) -> Rating:
        return Rating(_choice(*allowed)(name, value))

    return convert


def _setting(default: Any, convert: Callable[[str, str], Any], *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"convert": convert})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting. Each one's environment name is the field's in capitals; `.env.example` explains them."""

    discord_token: str = _setting("", _text, secret=True)
    default_profile: str = _setting("miniature", _text)
    data_dir: Path = _setting(Path("data"), _path)
    cache_dir: Path | None = _setting(None, _path)
    profiles_dir: Path | None = _setting(None, _path)
    device: str = _setting("auto", _choice("auto", "cuda", "mps", "cpu"))
    precision: str = _setting("auto", _choice("auto", "float16", "bfloat16", "float32"))
    max_running: int = _setting(4, _whole(1, 64))
    max_models: int = _setting(1, _whole(1, 16))
    live_previews: bool = _setting(True, _switch)  # noqa: FBT003 - a default, not an argument
    max_pending_per_member: int = _setting(12, _whole(1, 10_000))
    max_pending_per_guild: int = _setting(200, _whole(1, 100_000))
    notify_after: int = _setting(60, _whole(0, 86_400))
    rating_ceiling: Rating = _setting(Rating.GENERAL, _rating(Rating.SENSITIVE))
    rating_ceiling_maximum: Rating = _setting(Rating.SENSITIVE, _rating(Rating.SENSITIVE))
    rating_ceiling_age_restricted: Rating = _setting(Rating.QUESTIONABLE, _rating(Rating.QUESTIONABLE))
    output_check: str = _setting("nsfwjs", _choice("nsfwjs", "wd", "off"))
    output_check_weights: Path | None = _setting(None, _path)
    output_check_repo: str = _setting("", _text)
    min_free_mb: int = _setting(500, _whole(0, 10_000_000))
    retention_days: int = _setting(0, _whole(0, 36_500))
    retention_gb: int = _setting(0, _whole(0, 1_000_000))
    audit_days: int = _setting(365, _whole(0, 36_500))
    history_days: int = _setting(0, _whole(0, 36_500))
    control_guild: int = _setting(0, _id)
    owner_ids: tuple[int, ...] = _setting((), _ids)
    hf_token: str = _setting("", _text, secret=True)
    hf_endpoint: str = _setting("", _text)
    log_level: str = _setting("info", _choice("debug", "info", "warning", "error"))
    log_format: str = _setting("text", _choice("text", "json"))
    weights: Mapping[str, Path] = field(default_factory=dict)
    """Local weights by setting name (`WEIGHTS_ANIMAGINE_XL_4_0`)."""

    @property
    def spare(self) -> int:
        """Places in the engine beside `max_running` for members who have no picture in it: a quarter, at least one."""
        return max(1, self.max_running // 4)

    @property
    def database(self) -> Path:
        """The one SQLite file."""
        return self.data_dir / "tagbrush.sqlite3"

    @property
    def pictures(self) -> Path:
        """Folder of the original PNG files."""
        return self.data_dir / "pictures"

    @property
    def exports(self) -> Path:
        """Folder of exports that are being sent; empty when the bot does not run."""
        return self.data_dir / "exports"

    @property
    def cache(self) -> Path:
        """Folder of downloaded weights; can be deleted at any time."""
        return self.cache_dir or self.data_dir / "cache"


def setting_names() -> tuple[str, ...]:
    """Environment names of all settings but the `WEIGHTS_` family."""
    return tuple(f.name.upper() for f in fields(Settings) if "convert" in f.metadata)


def read_settings(
    environment: Mapping[str, str] | None = None, env_file: Path | None = Path(".env"), **overrides: Any
) -> Settings:
    """Read the settings. The environment wins over `.env`, `overrides` (already typed) win over both.

    Raises:
        SettingsError: a value is out of range or of the wrong kind, or `.env` cannot be read.
    """
    values: dict[str, str] = {}
    if env_file is not None and env_file.is_file():
        try:
            values.update({k: v for k, v in dotenv_values(env_file).items() if v is not None})
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError("{file} cannot be read: {reason}.", file=env_file, reason=error) from error
    values.update(os.environ if environment is None else environment)
    chosen: dict[str, Any] = {}
    for f in fields(Settings):
        raw = values.get(f.name.upper(), "").strip()
        if raw and "convert" in f.metadata:
            chosen[f.name] = f.metadata["convert"](f.name.upper(), raw)
    chosen["weights"] = {
        name: _path(name, value.strip())
        for name, value in values.items()
        if name.startswith(WEIGHTS_PREFIX) and value.strip()
    }
    chosen.update(overrides)
    return Settings(**chosen)


def check_token(token: str) -> None:
    """Refuse a token that cannot be one, before Discord is asked.

    Raises:
        SettingsError: empty, or not of a token's form. The text never contains the token.
    """
    if not token:
        raise SettingsError(
            "DISCORD_TOKEN is missing: put the bot's token into `.env` (see README, “Running it on Discord”), "
            "or try `make demo`, which needs none."
        )
    if not TOKEN_SHAPE.fullmatch(token):
        raise SettingsError(
            "DISCORD_TOKEN does not look like a bot token, which has three parts joined by dots: copy it again from "
            "the “Bot” page of the developer portal (not the client secret or the public key)."
        )

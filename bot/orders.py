"""What passes between the use cases and whoever speaks to members. Frozen, and free of Discord."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from db.jobs import Job, JobState
from pipeline.errors import MemberError
from pipeline.profiles.types import Rating
from pipeline.request import ImagineRequest, Plan
from pipeline.work import Preview

FINAL: Final = frozenset(
    {JobState.RENDERED, JobState.DELIVERED, JobState.FAILED, JobState.CANCELLED, JobState.WITHHELD}
)


class QueueFull(MemberError):
    """A cap of waiting pictures is reached; the text says when to come back."""


class PictureGone(MemberError):
    """A picture's file is no longer on the disk; its recipe is. Front ends offer to paint it again.

    Attributes:
        job_id: the job it belongs to.
    """

    def __init__(self, job_id: int) -> None:
        super().__init__(
            "The files of job #{job} are no longer on the disk. Their recipes are kept: paint them again, which "
            "counts as your pictures in the queue, and then go on.",
            job=job_id,
        )
        self.job_id = job_id


RESTORE: Final = "restore"
"""The action of a job that paints swept pictures of another one again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who asks, and from where. `kind` is `discord` or `cli`."""

    kind: str
    guild_id: int
    guild_name: str
    channel_id: int
    user_id: int
    user_name: str
    private: bool = False
    nsfw_channel: bool = False
    notify: bool = False
    """Whether they want to be mentioned when the wait was long."""
    parent_id: int = 0
    """The channel that a thread belongs to; 0 in a channel of its own. Its settings hold for the thread, too."""
    role_ids: frozenset[int] = frozenset()
    """The member's roles in this server, without the one that everybody has."""
    joined_at: float | None = None
    """When they joined the server, Unix seconds; None where it is not known."""
    moderates: bool = False
    """Whether they moderate the server."""


LOCAL: Final = Origin(
    kind="cli", guild_id=0, guild_name="command line", channel_id=0, user_id=0, user_name="owner"
)
"""The owner at the command line."""
LOCAL_CEILING: Final = Rating.EXPLICIT
"""At their own command line the owner decides for themselves."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a job goes on from: `action` is what was pressed, `parent_image_id` the picture; None for none.

    `restores` names, for each picture, the one whose file it brings back; empty for pictures of their own.
    """

    action: str = "imagine"
    parent_image_id: int | None = None
    restores: tuple[int, ...] = ()


class Vary(StrEnum):
    """How far a variation may go from its picture."""

    SUBTLE = "subtle"
    STRONG = "strong"


FRESH: Final = Lineage()
"""A job that goes on from nothing."""


Order: TypeAlias = tuple[ImagineRequest, Plan, Lineage]
"""What was asked for, the very recipes, and what they go on from."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job is in the database and will be painted, whatever happens next."""

    job: Job
    plan: Plan


@dataclass(frozen=True, slots=True)
class Left:
    """What a member may still ask for within a day, as it was when they last asked. None is no limit."""

    pictures: int | None = None
    of_pictures: int | None = None
    seconds: float | None = None
    of_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot of one job. `place` counts from 1 among the guild's waiting jobs, 0 when it runs."""

    job_id: int
    state: JobState
    place: int = 0
    jobs_in_guild: int = 0
    eta_seconds: float | None = None
    step: int = 0
    steps: int = 0
    images_done: int = 0
    images: int = 0
    note: str = ""
    notices: tuple[str, ...] = ()
    previews: tuple[Preview | None, ...] = ()
    """What the pictures look like so far, see `Board.previews_of`; `bot.previews.encode` makes a file of them."""

    paused: str | None = None
    """Why the server's moderators hold its queue back, empty without a reason; None when they do not."""
    left: Left | None = None
    """What its member may still paint, where that is limited."""

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in FINAL


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One line of `/queue`."""

    job_id: int
    user_id: int
    images: int
    profile: str
    state: JobState
    place: int
    eta_seconds: float | None

"""What the queries take and give: frozen, plain, and the same for every front end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


class JobState(StrEnum):
    """Where a job stands. The last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    RENDERED = "rendered"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    WITHHELD = "withheld"


class ImageState(StrEnum):
    """Where one picture of a job stands. The last four are final, but for what moderators decide."""

    QUEUED = "queued"
    RUNNING = "running"
    PAINTED = "painted"
    FAILED = "failed"
    CANCELLED = "cancelled"
    WITHHELD = "withheld"


HELD: Final = frozenset({"withheld", "unchecked", "reported", "rejected"})
"""What `check_state` is for a picture that must not be shown; it then has no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    """One picture to be painted.

    `recipe` is the whole recipe as JSON; the other fields repeat what is searched for or shown. `cost` is in
    the queue's unit (1e6 pixel-passes) and positive. `restores` is the picture whose file it brings back.
    """

    recipe: str
    profile: str
    prompt: str
    negative_prompt: str
    seed: int
    width: int
    height: int
    steps: int
    cost: float
    restores: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """One request to be queued.

    `request` is what was asked and `notes` what was added or warned of, both as JSON. The caps bound the
    pictures that wait or run: of this member in this guild, and of this guild. `action` says what asked for it
    (`imagine`, `reroll`, `edit`), and `parent_image_id` which picture it went on from. `notify` says that the
    member is to be mentioned after a long wait.
    """

    origin: str
    guild_id: int
    guild_name: str
    channel_id: int
    user_id: int
    user_name: str
    private: bool
    request: str
    notes: str
    images: tuple[NewImage, ...]
    pending_cap_user: int
    pending_cap_guild: int
    action: str = "imagine"
    parent_image_id: int | None = None
    notify: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One picture of a job. `file`, `sha256`, `seconds` and `weights` are there once it is painted.

    They stay when the file is taken from the disk, which happened at `swept_at`. `restores` is the picture whose file
    this one brings back. `check_state` and `scores` are what the check of finished pictures says; of a withheld picture
    there is no file here.
    """

    id: int
    job_id: int
    position: int
    state: ImageState
    recipe: str
    profile: str
    prompt: str
    negative_prompt: str
    seed: int
    width: int
    height: int
    steps: int
    cost: float
    file: str | None = None
    sha256: str | None = None
    seconds: float | None = None
    weights: str | None = None
    error: str | None = None
    reference: str | None = None
    swept_at: float | None = None
    restores: int | None = None
    check_state: str | None = None
    scores: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request with its pictures in order. Times are Unix seconds.

    `error` and `reference` are those of the first picture that failed, also when others were painted. `error_said` is
    what the sentence in `error` is made of, as JSON; old rows have none.
    """

    id: int
    origin: str
    guild_id: int
    channel_id: int
    user_id: int
    user_name: str
    state: JobState
    private: bool
    message_id: int | None
    request: str
    notes: str
    error: str | None
    reference: str | None
    created_at: float
    started_at: float | None
    rendered_at: float | None
    delivered_at: float | None
    images: tuple[Image, ...]
    action: str = "imagine"
    parent_image_id: int | None = None
    deleted_at: float | None = None
    notify: bool = False
    error_said: str | None = None
    revision: int = 0
    """How often moderators have changed what it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestor:
    """A picture that another one went on from, and the message that shows it. `position` counts from 0."""

    image_id: int
    job_id: int
    position: int
    action: str
    user_id: int
    guild_id: int
    channel_id: int
    message_id: int | None
    deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingImage:
    """A picture to queue again at the start. `images` counts all pictures of its job, painted ones too."""

    image_id: int
    job_id: int
    guild_id: int
    user_id: int
    profile: str
    cost: float
    images: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the last run left: pictures to paint, oldest first, and ids of jobs to deliver, oldest first."""

    waiting: tuple[WaitingImage, ...]
    undelivered: tuple[int, ...]
    promoted: tuple[int, ...] = ()
    """Jobs that moderators moved forward, in the order in which they did."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Pictures that wait or run: of one member in one guild, and of that whole guild."""

    user: int
    guild: int


class CapReached(Exception):
    """The job was not queued: too many pictures wait already.

    Attributes:
        which: whose cap it is.
        cap: how many pictures may wait or run.
        pending: how many do now, without this job.
    """

    def __init__(self, which: Literal["user", "guild"], cap: int, pending: int) -> None:
        super().__init__(f"{pending} pictures of this {which} are pending, the cap is {cap}")
        self.which = which
        self.cap = cap
        self.pending = pending


class NotWaiting(Exception):
    """A batch was not queued: its confirmation was answered before, or is too old."""

"""Taking a picture out of everything that shows pictures, and putting it back. Inside others' transactions."""

from __future__ import annotations

from dataclasses import dataclass

from db.database import Transaction
from db.transitions import hand_over


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the check says of one picture.

    Attributes:
        state: `passed`, `off` (nobody looks), `withheld` (above the ceiling) or `unchecked` (nobody could say).
        scores: JSON of the four probabilities, where they are known.
        classifier: name and version of who looked.
        reference: under which the log tells why it could not be checked.
        ceiling: the highest rating that was allowed.
        threshold: from which probability of being above that on it is withheld.
    """

    state: str
    scores: str | None = None
    classifier: str | None = None
    reference: str | None = None
    ceiling: str | None = None
    threshold: float | None = None

    @property
    def held(self) -> bool:
        """Whether it must not be shown."""
        return self.state in {"withheld", "unchecked"}


async def note_verdict(tx: Transaction, image_id: int, verdict: Verdict, now: float) -> None:
    """Write down what the check says of a painted picture; what must not be shown is then shown by nothing."""
    await tx.execute(
        "UPDATE images SET check_state = ?, scores = ?, classifier = ? WHERE id = ? AND state = 'painted'",
        verdict.state,
        verdict.scores,
        verdict.classifier,
        image_id,
    )
    if verdict.held:
        await withhold(tx, image_id, verdict, now)


async def withhold(tx: Transaction, image_id: int, verdict: Verdict, now: float) -> None:
    """Take a painted picture's file out of the pictures and into a new review.

    From here on the picture counts as not painted, as far as anything that shows or goes on from pictures looks.
    """
    await tx.execute(
        """
        INSERT INTO reviews (guild_id, job_id, image_id, kind, state, file, sha256, bytes, scores, classifier,
                             reference, ceiling, threshold, created_at, stale)
        SELECT jobs.guild_id, jobs.id, images.id, ?, 'open', images.file, images.sha256, images.bytes, ?, ?,
               ?, ?, ?, ?, 1
        FROM images JOIN jobs ON jobs.id = images.job_id WHERE images.id = ? AND images.state = 'painted'
        """,
        verdict.state,
        verdict.scores,
        verdict.classifier,
        verdict.reference,
        verdict.ceiling,
        verdict.threshold,
        now,
        image_id,
    )
    await take_out(tx, image_id, verdict.state)
    await tx.execute("UPDATE images SET reference = ? WHERE id = ?", verdict.reference, image_id)


async def take_out(tx: Transaction, image_id: int, state: str) -> None:
    """A painted picture has no file any more, and `state` says why."""
    await tx.execute(
        """
        UPDATE images SET state = 'failed', check_state = ?, file = NULL, sha256 = NULL, bytes = NULL
        WHERE id = ? AND state = 'painted'
        """,
        state,
        image_id,
    )


async def put_back(tx: Transaction, review_id: int, state: str, now: float) -> None:
    """Give a withheld picture its file back from its review. What the classifier said of it no longer counts."""
    row = await tx.row("SELECT image_id, file, sha256, bytes FROM reviews WHERE id = ?", review_id)
    if row is None or row["file"] is None:
        return
    await tx.execute(
        """
        UPDATE images SET state = 'painted', check_state = ?, file = ?, sha256 = ?, bytes = ?, scores = NULL,
                          reference = NULL
        WHERE id = ? AND check_state IN ('withheld', 'unchecked', 'reported')
        """,
        state,
        row["file"],
        row["sha256"],
        row["bytes"],
        row["image_id"],
    )
    await tx.execute("UPDATE reviews SET file = NULL, sha256 = NULL, bytes = NULL WHERE id = ?", review_id)
    await hand_over(tx, row["image_id"], now)


async def change_job(tx: Transaction, job_id: int, now: float) -> bool:
    """A finished job shows other pictures than before: it is to be posted anew, or told to be withheld.

    False when it is not finished, or was cancelled or deleted.
    """
    changed = await tx.execute(
        """
        UPDATE jobs
        SET (state, rendered_at) = (
                SELECT CASE WHEN sum(state = 'painted') > 0 THEN 'rendered' ELSE 'withheld' END, ?
                FROM images WHERE job_id = jobs.id
            ),
            delivered_at = NULL, revision = revision + 1
        WHERE id = ? AND state IN ('rendered', 'delivered', 'withheld') AND deleted_at IS NULL
        """,
        now,
        job_id,
    )
    return changed > 0

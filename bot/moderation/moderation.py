"""Builds what moderation is made of; the composition root's part for it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.moderation.gate import Gate
from bot.moderation.policies import Policies
from bot.moderation.thresholds import Thresholds
from db.audit import Audit
from db.database import Database
from db.policies import PolicyTable


@dataclass(frozen=True, slots=True)
class Moderation:
    """What front ends are given of it."""

    policies: Policies
    audit: Audit
    gate: Gate
    thresholds: Thresholds


async def open_moderation(database: Database) -> Moderation:
    """Read what is set, and put the rules together.

    Raises:
        DatabaseError: the database is unusable.
    """
    policies = Policies(PolicyTable(database))
    await policies.load()
    return Moderation(policies=policies, audit=Audit(database), gate=Gate(), thresholds=Thresholds(policies))

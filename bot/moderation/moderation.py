"""Builds what moderation is made of; the composition root's part for it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.moderation.ceilings import Ceilings
from bot.moderation.gate import Gate
from bot.moderation.policies import Policies
from bot.moderation.ratings import RatingCheck
from bot.settings import Settings
from db.audit import Audit
from db.database import Database
from db.policies import PolicyTable


@dataclass(frozen=True, slots=True)
class Moderation:
    """What front ends are given of it."""

    policies: Policies
    audit: Audit
    gate: Gate
    ceilings: Ceilings


async def open_moderation(settings: Settings, database: Database) -> Moderation:
    """Read what is set, and put the rules together.

    Raises:
        DatabaseError: the database is unusable.
    """
    policies = Policies(PolicyTable(database))
    await policies.load()
    ceilings = Ceilings(settings=settings, policies=policies)
    gate = Gate([RatingCheck(ceilings)])
    return Moderation(policies=policies, audit=Audit(database), gate=gate, ceilings=ceilings)

"""Builds what moderation is made of; the composition root's part for it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.moderation.bans import BanCheck, Bans
from bot.moderation.gate import Gate
from bot.moderation.policies import Policies
from db.audit import Audit
from db.bans import BanTable
from db.database import Database
from db.policies import PolicyTable


@dataclass(frozen=True, slots=True)
class Moderation:
    """What front ends are given of it."""

    policies: Policies
    audit: Audit
    gate: Gate
    bans: Bans


async def open_moderation(database: Database) -> Moderation:
    """Read what is set, and put the rules together.

    Raises:
        DatabaseError: the database is unusable.
    """
    policies = Policies(PolicyTable(database))
    await policies.load()
    bans = Bans(BanTable(database), database.now)
    await bans.load()
    gate = Gate([BanCheck(bans)])
    return Moderation(policies=policies, audit=Audit(database), gate=gate, bans=bans)

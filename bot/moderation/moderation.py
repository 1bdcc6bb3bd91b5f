"""Builds what moderation is made of; the composition root's part for it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.moderation.allow_settings import AllowSettings
from bot.moderation.bans import BanCheck, Bans
from bot.moderation.gate import Gate
from bot.moderation.instance import InstanceCheck, ServerLimits
from bot.moderation.instance_settings import InstanceSettings
from bot.moderation.pauses import Pauses
from bot.moderation.policies import Policies
from bot.moderation.quota_settings import QuotaSettings
from bot.moderation.quotas import Quotas
from bot.moderation.rooms import Newcomers, Rooms
from db.audit import Audit
from db.bans import BanTable
from db.database import Database
from db.jobs import Jobs
from db.policies import PolicyTable
from db.usage import Usage
from pipeline.queueing.eta import Estimator


@dataclass(frozen=True, slots=True)
class Moderation:
    """What front ends are given of it."""

    policies: Policies
    audit: Audit
    gate: Gate
    pauses: Pauses
    quota_settings: QuotaSettings
    quotas: Quotas
    allowed: AllowSettings
    rooms: Rooms
    instance: InstanceSettings
    bans: Bans


async def open_moderation(database: Database, estimator: Estimator, control_guild: int) -> Moderation:
    """Read what is set, and put the rules together.

    Raises:
        DatabaseError: the database is unusable.
    """
    policies = Policies(PolicyTable(database))
    await policies.load()
    bans = Bans(BanTable(database), database.now)
    await bans.load()
    quota_settings = QuotaSettings(policies)
    usage, jobs = Usage(database), Jobs(database)
    quotas = Quotas(quota_settings, usage, jobs, estimator)
    instance = InstanceSettings(policies, control_guild)
    allowed = AllowSettings(policies)
    rooms = Rooms(allowed)
    return Moderation(
        policies=policies,
        audit=Audit(database),
        gate=Gate(
            [
                InstanceCheck(instance),
                BanCheck(bans),
                rooms,
                Newcomers(allowed, database.now),
                ServerLimits(instance, usage, jobs, estimator),
                quotas,
            ]
        ),
        pauses=Pauses(policies),
        quota_settings=quota_settings,
        quotas=quotas,
        allowed=allowed,
        rooms=rooms,
        instance=instance,
        bans=bans,
    )

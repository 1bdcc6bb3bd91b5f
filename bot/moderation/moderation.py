"""Builds what moderation is made of; the composition root's part for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.moderation.allow_settings import AllowSettings
from bot.moderation.bans import BanCheck, Bans
from bot.moderation.ceilings import Ceilings
from bot.moderation.gate import Gate
from bot.moderation.instance import InstanceCheck, ServerLimits
from bot.moderation.instance_settings import InstanceSettings
from bot.moderation.pauses import Pauses
from bot.moderation.policies import Policies
from bot.moderation.quota_settings import QuotaSettings
from bot.moderation.quotas import Quotas
from bot.moderation.ratings import RatingCheck
from bot.moderation.rooms import Newcomers, Rooms
from bot.moderation.thresholds import Thresholds
from bot.moderation.word_checks import MinorsCheck, WordCheck
from bot.moderation.word_rules import WordRules
from bot.settings import Settings
from db.audit import Audit
from db.bans import BanTable
from db.database import Database
from db.gallery import Gallery
from db.jobs import Jobs
from db.policies import PolicyTable
from db.sources import Sources
from db.usage import Usage
from db.word_rules import WordRuleTable
from pipeline.queueing.eta import Estimator
from pipeline.safety import minors


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
    ceilings: Ceilings
    words: WordRules
    thresholds: Thresholds


async def open_moderation(settings: Settings, database: Database, estimator: Estimator) -> Moderation:
    """Read what is set, and put the rules together.

    Raises:
        DatabaseError: the database is unusable.
    """
    policies = Policies(PolicyTable(database))
    await policies.load()
    bans = Bans(BanTable(database), database.now)
    await bans.load()
    words = WordRules(WordRuleTable(database))
    await words.load()
    await asyncio.to_thread(minors.warm_up)
    quota_settings = QuotaSettings(policies)
    usage, jobs = Usage(database), Jobs(database)
    quotas = Quotas(quota_settings, usage, jobs, estimator)
    instance = InstanceSettings(policies, settings.control_guild)
    allowed = AllowSettings(policies)
    rooms = Rooms(allowed)
    ceilings = Ceilings(settings=settings, policies=policies)
    checks = [
        InstanceCheck(instance),
        BanCheck(bans),
        rooms,
        Newcomers(allowed, database.now),
        MinorsCheck(Gallery(database), Sources(database)),
        WordCheck(words),
        RatingCheck(ceilings),
        ServerLimits(instance, usage, jobs, estimator),
        quotas,
    ]
    return Moderation(
        policies=policies,
        audit=Audit(database),
        gate=Gate(checks),
        pauses=Pauses(policies),
        quota_settings=quota_settings,
        quotas=quotas,
        allowed=allowed,
        rooms=rooms,
        instance=instance,
        bans=bans,
        ceilings=ceilings,
        words=words,
        thresholds=Thresholds(policies),
    )

"""Builds what moderation is made of; the composition root's part for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.moderation.ceilings import Ceilings
from bot.moderation.gate import Gate
from bot.moderation.policies import Policies
from bot.moderation.ratings import RatingCheck
from bot.moderation.word_checks import MinorsCheck, WordCheck
from bot.moderation.word_rules import WordRules
from bot.settings import Settings
from db.audit import Audit
from db.database import Database
from db.gallery import Gallery
from db.policies import PolicyTable
from db.sources import Sources
from db.word_rules import WordRuleTable
from pipeline.safety import minors


@dataclass(frozen=True, slots=True)
class Moderation:
    """What front ends are given of it."""

    policies: Policies
    audit: Audit
    gate: Gate
    ceilings: Ceilings
    words: WordRules


async def open_moderation(settings: Settings, database: Database) -> Moderation:
    """Read what is set, and put the rules together.

    Raises:
        DatabaseError: the database is unusable.
    """
    policies = Policies(PolicyTable(database))
    await policies.load()
    words = WordRules(WordRuleTable(database))
    await words.load()
    await asyncio.to_thread(minors.warm_up)
    ceilings = Ceilings(settings=settings, policies=policies)
    gate = Gate([MinorsCheck(Gallery(database), Sources(database)), WordCheck(words), RatingCheck(ceilings)])
    return Moderation(policies=policies, audit=Audit(database), gate=gate, ceilings=ceilings, words=words)

"""Builds what moderators act with on members and pictures; the composition root's part for it, after the studio's."""

from __future__ import annotations

from dataclasses import dataclass

from bot.afterwards import Afterwards
from bot.album import Album
from bot.moderation.audit_export import AuditExport
from bot.moderation.moderation import Moderation
from bot.moderation.removal import Remover
from bot.moderation.sanctions import Sanctions
from bot.moderation.strikes import StrikeRules
from bot.moderation.upkeep import Upkeep
from bot.recorder import Park
from bot.settings import Settings
from bot.studio import Studio
from db.audit_search import AuditSearch
from db.database import Database
from db.members import Members
from db.removal import Removals
from db.strikes import StrikeTable


@dataclass(frozen=True, slots=True)
class Enforcement:
    """What front ends are given of it."""

    sanctions: Sanctions
    remover: Remover
    search: AuditSearch
    export: AuditExport
    members: Members
    upkeep: Upkeep


async def open_enforcement(
    database: Database,
    moderation: Moderation,
    *,
    settings: Settings,
    studio: Studio,
    afterwards: Afterwards,
    album: Album,
    park: Park,
) -> Enforcement:
    """Put it together.

    Raises:
        DatabaseError: the database is unusable.
    """
    sanctions = Sanctions(
        bans=moderation.bans,
        rules=StrikeRules(moderation.policies),
        table=StrikeTable(database),
        studio=studio,
        now=database.now,
    )
    await sanctions.load()
    search = AuditSearch(database)
    remover = Remover(
        studio=studio,
        afterwards=afterwards,
        album=album,
        removals=Removals(database),
    )
    return Enforcement(
        sanctions=sanctions,
        remover=remover,
        search=search,
        export=AuditExport(search, settings.exports),
        members=Members(database),
        upkeep=Upkeep(
            sanctions=sanctions, search=search, audit_days=settings.audit_days, now=database.now, park=park
        ),
    )

"""Rules and ceilings that are made stricter while a picture waits hold for it, too."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from bot.app import App, open_app
from bot.moderation.policies import Scope
from bot.orders import LOCAL, Origin
from bot.settings import Settings
from db.audit import Entry
from db.jobs import Job, JobState
from pipeline.profiles.types import Rating
from pipeline.request import Plan
from pipeline.safety.matcher import Kind
from tests.bot.conftest import request
from tests.support.scripted_classifier import ScriptedClassifier
from tests.support.scripted_engine import ScriptedEngine

WHO = Entry(guild_id=1, actor_id=9, actor_name="mod", action="rule.add")


async def ended(app: App, job_id: int) -> Job:
    """A job at its end."""
    async for _ in app.studio.changes(job_id):
        pass
    job = await app.studio.job(job_id)
    assert job is not None
    return job


async def waiting(app: App, engine: ScriptedEngine, member: Origin, prompt: str) -> int:
    """A job that waits for another one of the same member, which fills the engine."""
    engine.hold_at = 2
    first = await app.studio.submit(member, request(count=4))
    await app.studio.wait_started(first.job.id)
    return (await app.studio.submit(member, request(prompt=prompt))).job.id


async def test_a_word_rule_holds_for_what_waits(app: App, member: Origin, engine: ScriptedEngine) -> None:
    """It is not painted, and the member is told the rule."""
    job_id = await waiting(app, engine, member, "1girl, dragon")
    await app.moderation.words.add("dragon", Kind.BLOCK, "", WHO)
    engine.hold_at = None
    job = await ended(app, job_id)
    assert job.state is JobState.FAILED
    assert "`dragon`" in (job.images[0].error or "")


async def test_a_rule_about_something_else_lets_it_start(
    app: App, member: Origin, engine: ScriptedEngine
) -> None:
    """Only what falls under it is stopped."""
    job_id = await waiting(app, engine, member, "1girl, dragon")
    await app.moderation.words.add("castle", Kind.BLOCK, "", WHO)
    engine.hold_at = None
    assert (await ended(app, job_id)).state is JobState.RENDERED


async def test_a_lowered_ceiling_holds_for_what_waits(app: App, member: Origin, engine: ScriptedEngine) -> None:
    """Painted for nobody, it would only be withheld at the end."""
    where = replace(member, channel_id=77, nsfw_channel=True)
    job_id = await waiting(app, engine, where, "1girl, nude")
    await app.moderation.ceilings.set_channel(77, Rating.GENERAL, WHO, age_restricted=True)
    engine.hold_at = None
    job = await ended(app, job_id)
    assert job.state is JobState.FAILED
    assert "`questionable`" in (job.images[0].error or "")
    assert await app.moderation.ceilings.reset(Scope.CHANNEL, 77, WHO)


async def test_it_holds_over_a_restart(settings: Settings, engine: ScriptedEngine, member: Origin) -> None:
    """What the last run left is looked at by the rules of this one."""
    async with open_app(settings, make_engine=lambda _: engine, make_classifier=ScriptedClassifier) as app:
        job_id = await waiting(app, engine, member, "1girl, dragon")
        await app.moderation.words.add("dragon", Kind.BLOCK, "", WHO)
    again = ScriptedEngine()
    async with open_app(settings, make_engine=lambda _: again, make_classifier=ScriptedClassifier) as app:
        await app.studio.recover("discord")
        assert (await ended(app, job_id)).state is JobState.FAILED


async def test_the_command_line_knows_no_rules_of_servers(app: App, engine: ScriptedEngine) -> None:
    """As when it was asked for."""
    job_id = await waiting(app, engine, LOCAL, "1girl, nude")
    engine.hold_at = None
    assert (await ended(app, job_id)).state is JobState.RENDERED


async def test_long_prompts_are_judged_off_the_event_loop(
    app: App, member: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it could be felt; short ones are not worth a thread."""
    gate, threads = app.moderation.gate, list[bool]()
    judge = gate.judge

    def noted(origin: Origin, planned: Plan) -> Plan:
        threads.append(threading.current_thread() is threading.main_thread())
        return judge(origin, planned)

    for prompt, on_the_loop in (("1girl", True), ("1girl, " + "long hair, blue eyes, " * 200, False)):
        planned = await app.studio.planned(member, request(prompt=prompt, order=False))
        monkeypatch.setattr(gate, "judge", noted)
        recipes = tuple(replace(each, prompt=prompt) for each in planned.recipes)
        await app.studio.submit(member, request(), replace(planned, recipes=recipes))
        monkeypatch.undo()
        assert threads[0] is on_the_loop
        threads.clear()

"""Every button and menu, pressed by everybody, with the number of something that is really there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import discord
import pytest
from discord import ui

from cogs.buttons import GuardedButton
from cogs.history import packed as history_packed
from cogs.mod.audit_pages import Wanted as AuditWanted
from cogs.mod.audit_pages import packed as audit_packed
from cogs.selects import GuardedSelect
from cogs.who import Who
from db.history import Wanted as HistoryWanted
from tests.support.moderating import decision
from tests.support.outcomes import Faults, Outcome, outcome_of
from tests.support.results import filled
from tests.support.scripted_engine import ScriptedEngine
from tests.support.simcord_env import World, raw_components, text_of
from tests.support.stage import Role, Stage, allowed, set_stage
from tests.support.wire import walk

PRIVATE = frozenset({Who.OWN, Who.MODERATOR, Who.OWNER})


@dataclass(frozen=True)
class Piece:
    """How a button is tried.

    Attributes:
        make: its custom id, for something of the author's that is really there.
        fresh: whether each press needs a thing of its own, because the first one uses it up.
        plain: whether its message is none of Components V2.
        values: what is chosen, for a menu.
        job: whether it belongs to a job, so that nobody but the author may use it on a private draft.
    """

    make: Callable[[Stage], Awaitable[str]]
    fresh: bool = False
    plain: bool = False
    values: tuple[str, ...] = ()
    job: bool = True


def of_job(template: str) -> Callable[[Stage], Awaitable[str]]:
    """The custom id of a button of the finished job."""

    async def make(stage: Stage) -> str:
        return template.format(job=stage.job, review=stage.review)

    return make


def of_new_job(template: str, **options: Any) -> Callable[[Stage], Awaitable[str]]:
    """The same for a job of its own."""

    async def make(stage: Stage) -> str:
        return template.format(job=await stage.paint(**options))

    return make


async def _waiting(stage: Stage) -> str:
    return f"tb:cancel:{await stage.wait()}"


async def _batch(stage: Stage) -> int:
    asked = await stage.author.slash(stage.place, "imagine", prompt="1girl", seeds="1-6", steps=4)
    ids = [f"none in {outcome_of(asked).text}"]
    ids += [str(c.get("custom_id")) for c in walk(raw_components(asked.response)) if c.get("custom_id")]
    return int(next((each for each in ids if each.startswith("tb:batch:")), ids[0]).rpartition(":")[2])


async def _confirm(stage: Stage) -> str:
    return f"tb:batch:{await _batch(stage)}"


async def _drop(stage: Stage) -> str:
    return f"tb:drop:{await _batch(stage)}"


async def _forget(stage: Stage) -> str:
    return f"tb:forget:{stage.author.id}"


async def _broadcast(stage: Stage) -> str:
    return f"tb:broadcast:{await stage.world.app.broadcasts.draft('Hello')}"


async def _review(stage: Stage) -> str:
    number = await stage.report(await stage.paint())
    return f"tb:review:{number}:reject"


def fixed(custom_id: str) -> Callable[[Stage], Awaitable[str]]:
    """Always the same."""

    async def make(_: Stage) -> str:
        return custom_id

    return make


async def _shape(stage: Stage) -> str:
    shape = stage.world.app.expander.offered(await stage.the_job(), 0)[0]
    width, height = shape.size if hasattr(shape, "size") else (shape.width, shape.height)
    return f"tb:shape:{stage.job}:0:{width}x{height}"


PIECES: dict[str, Piece] = {
    "AuditTurnButton": Piece(fixed(f"tb:log:o:zzz:{audit_packed(AuditWanted())}"), job=False),
    "BroadcastButton": Piece(_broadcast, fresh=True, job=False),
    "CancelButton": Piece(_waiting, fresh=True),
    "ConfirmButton": Piece(_confirm, fresh=True, job=False),
    "DeleteButton": Piece(of_job("tb:delete:{job}")),
    "DetailsButton": Piece(of_job("tb:details:{job}")),
    "DropButton": Piece(_drop, fresh=True, job=False),
    "EditButton": Piece(of_job("tb:edit:{job}")),
    "EraseButton": Piece(of_new_job("tb:erase:{job}"), fresh=True),
    "EverywhereButton": Piece(of_new_job("tb:everywhere:{job}:0"), fresh=True),
    "ExampleButton": Piece(fixed("tb:example:{profile}"), job=False),
    "ExpandButton": Piece(of_job("tb:expand:{job}")),
    "FavouriteButton": Piece(of_job("tb:favourite:{job}")),
    "ForgetButton": Piece(_forget, fresh=True, job=False),
    "OriginalButton": Piece(of_job("tb:original:{job}")),
    "OwnAspectButton": Piece(fixed("tb:type-aspect"), job=False),
    "PrivateButton": Piece(fixed("tb:set-private:1"), job=False),
    "RedrawButton": Piece(of_job("tb:redraw:{job}")),
    "ReportButton": Piece(of_job("tb:report:{job}")),
    "RerollButton": Piece(of_job("tb:reroll:{job}")),
    "ResetButton": Piece(fixed("tb:reset-settings"), job=False),
    "RestoreButton": Piece(of_job("tb:restore:{job}")),
    "RetryButton": Piece(of_job("tb:retry:{job}")),
    "ReviewButton": Piece(_review, fresh=True),
    "RulePageButton": Piece(fixed("tb:rules:o:0:"), plain=True, job=False),
    "SettingSelect": Piece(fixed("tb:set:count"), values=("2",), job=False),
    "ShapeButton": Piece(_shape),
    "ShareButton": Piece(of_new_job("tb:share:{job}", private=True), fresh=True),
    "ShowButton": Piece(of_job("tb:show:{job}:1")),
    "StarButton": Piece(of_job("tb:star:{job}:0")),
    "TourButton": Piece(fixed("tb:tour:0"), job=False),
    "TurnButton": Piece(fixed(f"tb:turn:o:999999:{history_packed(HistoryWanted())}"), job=False),
    "UpscaleButton": Piece(of_job("tb:upscale:{job}:0:2")),
    "UseButton": Piece(fixed("tb:use"), job=False),
    "VaryButton": Piece(of_job("tb:vary:{job}:0:subtle")),
}


def below(kind: Any) -> Iterator[Any]:
    """Every class that inherits from this one, except for further bases."""
    for each in kind.__subclasses__():
        if each.__name__ != "JobButton":
            yield each
        yield from below(each)


ITEMS = sorted({*below(GuardedButton), *below(GuardedSelect)}, key=lambda each: str(each.__name__))


async def post(stage: Stage, piece: Piece, custom_id: str) -> Any:
    """A message of the bot's with the button, which everybody sees: nothing protects it but itself."""
    channel = stage.world.bot.get_channel(stage.place.id)
    assert isinstance(channel, discord.TextChannel | discord.Thread)
    item: Any = ui.Button(label="try", custom_id=custom_id)
    if piece.values:
        options = [discord.SelectOption(label=each, value=each) for each in piece.values]
        item = ui.Select(custom_id=custom_id, options=options)
    view: Any = ui.View(timeout=None)
    view.add_item(item)
    if not piece.plain:
        view = ui.LayoutView(timeout=None)
        view.add_item(ui.TextDisplay(BEFORE))
        view.add_item(ui.ActionRow(item))
    message = await channel.send(view=view, allowed_mentions=discord.AllowedMentions.none())
    view.stop()
    await stage.world.env.settle()
    return message


async def press(stage: Stage, piece: Piece, custom_id: str, role: Role) -> Outcome:
    """Let somebody use it."""
    world = stage.world
    message = await post(stage, piece, custom_id)
    actor = stage.actors[role]
    if piece.values:
        result = await actor.select(message, list(piece.values), custom_id=custom_id)
    else:
        result = await actor.click(message, custom_id=custom_id)
    stage.engine.hold_at = None
    await world.finished()
    now = next((each for each in stage.place.history() if each.id == message.id), None)
    outcome = outcome_of(result, message.id)
    changed = "(the message is gone)" if now is None else text_of(now).replace(BEFORE, "")
    return replace(outcome, texts=(*outcome.texts, changed))


BEFORE = "Try this."


def test_every_button_has_something_to_be_tried_with() -> None:
    """A new one has to say here what it is pressed with."""
    names = {each.__name__ for each in ITEMS}
    assert not names - set(PIECES), f"add to PIECES in {__name__}: {sorted(names - set(PIECES))}"
    assert not set(PIECES) - names


@pytest.mark.parametrize("item", ITEMS, ids=lambda each: str(each.__name__))
async def test_every_button_answers_who_may_and_refuses_who_may_not(
    world: World, engine: ScriptedEngine, item: Any
) -> None:
    """Those who may not press first; then everybody who may, each with something that is still there."""
    stage = await set_stage(world, engine)
    piece, who = PIECES[item.__name__], item.who
    custom_id, problems = "", []
    roles = sorted(Role, key=lambda role: allowed(who, role))
    with Faults() as faults:
        for role in roles:
            if piece.fresh or not custom_id:
                custom_id = await piece.make(stage)
                custom_id = custom_id.replace("{profile}", world.app.studio.default_profile)
            outcome = await press(stage, piece, custom_id, role)
            problem = outcome.problem(may=allowed(who, role), private=who in PRIVATE)
            if faults.found:
                problem += f" logged: {faults.found}"
                faults.found.clear()
            if problem:
                problems.append(f"{role} ({who}): {problem}")
            for job in world.app.studio.queue_of(world.guild.id):
                await world.app.studio.cancel(job.job_id)
    await world.finished()
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("custom_id", "values", "open_to_banned"),
    [
        ("tb:report:{job}", {"reason": "odd"}, False),
        ("tb:edit:{job}", None, False),
        ("tb:type-aspect", {"aspect": "1:1"}, True),
    ],
)
async def test_a_form_that_was_opened_before_a_ban(
    world: World, engine: ScriptedEngine, custom_id: str, values: dict[str, Any] | None, *, open_to_banned: bool
) -> None:
    """What it asks for is refused when it comes back, unless it is about the member's own settings."""
    stage = await set_stage(world, engine)
    message = await post(stage, PIECES["EditButton"], custom_id.format(job=stage.job))
    form = await stage.carol.click(message, custom_id=custom_id.format(job=stage.job))
    assert form.modal is not None
    await world.app.enforcement.sanctions.ban(decision(world, user_id=stage.carol.id))
    done = outcome_of(await stage.carol.submit_modal(form, values or filled(form)))
    await world.finished()
    assert ("You are banned" in done.text) is not open_to_banned, done
    assert done.acknowledged

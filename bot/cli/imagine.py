"""`python -m bot imagine`: paint through the same queue, database and engine as on Discord."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import ReadWriteLock, Timeout
from tqdm import tqdm

from bot.app import App, open_app
from bot.cli.options import requests_of
from bot.logs import set_up_logs
from bot.models import read_profiles
from bot.orders import FRESH, LOCAL, LOCAL_CEILING, Order
from bot.settings import Settings, read_settings
from bot.studio import draw_seed
from db.jobs import Job, JobState
from pipeline.errors import InvalidRequest, MemberError
from pipeline.recipe import Recipe
from pipeline.request import plan


def run(args: argparse.Namespace) -> int:
    """Paint and write the files."""
    settings = read_settings(log_level="error")
    set_up_logs(settings)
    # Whatever can be refused is refused before anything is opened, made or loaded.
    profiles = read_profiles(settings)
    orders: list[Order] = [
        (
            request,
            plan(request, profiles, settings.default_profile, ceiling=LOCAL_CEILING, draw_seed=draw_seed),
            FRESH,
        )
        for request in requests_of(args, args.seeds)
    ]
    out = Path(args.out).expanduser()
    check_out(out)
    if len(orders) > 1:
        _confirm(sum(len(planned.recipes) for _, planned, _ in orders), len(orders), yes=args.yes)
    return asyncio.run(_imagine(settings, orders, out, as_json=args.json))


def _confirm(pictures: int, jobs: int, *, yes: bool) -> None:
    """Say how much it is, and ask whether it is meant.

    Raises:
        InvalidRequest: it is not, or there is nobody to ask.
    """
    print(f"{pictures} pictures in {jobs} jobs.", file=sys.stderr)
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidRequest("Nothing was painted: say --yes to paint several jobs without being asked.")
    print("Paint them? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise InvalidRequest("Nothing was painted.")


async def _imagine(settings: Settings, orders: Sequence[Order], out: Path, *, as_json: bool) -> int:
    """Paint all of it, as many at a time as may wait. Returns the exit status: 1 if any picture failed."""
    for warning in dict.fromkeys(text for _, planned, _ in orders for text in planned.warnings):
        print(f"Note: {warning}", file=sys.stderr)
    done = failed = 0
    async with open_app(settings) as app:
        await _clean_up_after_interrupted_runs(app, settings)
        await app.studio.learn_speeds()
        for some in _in_parts(orders, min(settings.max_pending_per_member, settings.max_pending_per_guild)):
            accepted = await app.studio.submit_all(LOCAL, some)
            try:
                for each in accepted:
                    failed += await _finish(app, each.job, out, done, as_json=as_json)
                    done += len(each.job.images)
            except BaseException:
                for each in accepted:
                    await app.studio.cancel(each.job.id)
                raise
    return 1 if failed else 0


def _in_parts(orders: Sequence[Order], most: int) -> Iterator[list[Order]]:
    """The orders in parts of at most so many pictures, or of one order that has more."""
    part: list[Order] = []
    size = 0
    for order in orders:
        pictures = len(order[1].recipes)
        if part and size + pictures > most:
            yield part
            part, size = [], 0
        part.append(order)
        size += pictures
    yield part


async def _finish(app: App, accepted: Job, out: Path, before: int, *, as_json: bool) -> int:
    """Wait for a job and write its files; `before` is how many pictures came before. Returns how many failed."""
    await _show_progress(app, accepted)
    job = await app.studio.job(accepted.id)
    if job is None or job.state is not JobState.RENDERED:
        print((job and job.error) or "The job was cancelled.", file=sys.stderr)
        return len(accepted.images)
    failed = 0
    for image, path in zip(job.images, paths_for(out, job, before), strict=True):
        if image.file is None:
            print(f"Picture {before + image.position + 1} failed: {image.error}", file=sys.stderr)
            failed += 1
            continue
        _copy(app.studio.picture_path(image), path)
        print(_line(path, Recipe.from_json(image.recipe), image.seconds or 0.0, as_json=as_json), flush=True)
    await app.studio.delivered(job.id, None)
    return failed


async def _clean_up_after_interrupted_runs(app: App, settings: Settings) -> None:
    """Cancel what killed command lines left, unless another one is painting right now.

    Every command line holds the read side of a lock while it runs, so whoever gets the write side is alone.
    """
    lock = ReadWriteLock(settings.data_dir / "cli.lock")
    with contextlib.suppress(Timeout), lock.write_lock(blocking=False):
        await app.jobs.abandon(LOCAL.kind)
    lock.acquire_read()
    app.keep.append(lock)


async def _show_progress(app: App, job: Job) -> None:
    steps = sum(image.steps for image in job.images)
    with tqdm(total=steps, unit="step", file=sys.stderr, disable=None, desc="waiting") as bar:
        async for progress in app.studio.changes(job.id):
            done = progress.step + progress.images_done * (steps // len(job.images))
            bar.set_description(progress.note or f"picture {min(progress.images_done + 1, len(job.images))}")
            bar.update(max(0, min(steps, done) - bar.n))
            for notice in progress.notices:
                bar.write(notice, file=sys.stderr)


def check_out(out: Path) -> None:
    """Refuse a target that cannot be written before anything is painted.

    Raises:
        InvalidRequest: a null byte, a file where a folder is meant, or a folder that cannot be made.
    """
    if "\0" in str(out) or (out.suffix.lower() == ".png" and out.is_dir()):
        raise InvalidRequest(
            "--out must be a folder or a file ending in .png; `{out}` is neither.", out=str(out)[:200]
        )
    folder = out.parent if out.suffix.lower() == ".png" else out
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidRequest(
            "--out `{out}` cannot be used: {reason}. Name a folder you may write to, or a file ending in .png.",
            out=out,
            reason=error.strerror or error,
        ) from error


def paths_for(out: Path, job: Job, before: int = 0) -> list[Path]:
    """Where each picture goes: into the folder by seed, or to the named file, numbered from the second on.

    `before` is how many pictures came before those of the job.
    """
    if out.suffix.lower() == ".png":
        numbers = range(before + 1, before + len(job.images) + 1)
        return [out if n == 1 else out.with_stem(f"{out.stem}-{n}") for n in numbers]
    return [out / f"{job.images[0].profile}-{job.id:06d}-{image.seed}.png" for image in job.images]


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise MemberError(
            "The picture is painted and kept at {source}, but it cannot be copied to {target}: {reason}.",
            source=source,
            target=target,
            reason=error.strerror or error,
        ) from error


def _line(path: Path, recipe: Recipe, seconds: float, *, as_json: bool) -> str:
    if not as_json:
        return f"{path}  seed {recipe.seed}  {recipe.width}x{recipe.height}  {seconds:.1f} s"
    return json.dumps(
        {
            "path": str(path),
            "profile": recipe.profile,
            "seed": recipe.seed,
            "width": recipe.width,
            "height": recipe.height,
            "prompt": recipe.prompt,
            "negative_prompt": recipe.negative_prompt,
            "sampler": recipe.sampler,
            "steps": recipe.steps,
            "guidance_scale": recipe.guidance_scale,
            "seconds": round(seconds, 3),
            "recipe": json.loads(recipe.to_json()),
        },
        ensure_ascii=False,
    )

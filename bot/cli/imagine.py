"""`python -m bot imagine`: paint through the same queue, database and engine as on Discord."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import shutil
import sys
from pathlib import Path

from filelock import ReadWriteLock, Timeout
from tqdm import tqdm

from bot.app import App, open_app
from bot.cli.options import request_of
from bot.logs import set_up_logs
from bot.models import read_profiles
from bot.orders import LOCAL, LOCAL_CEILING
from bot.settings import Settings, read_settings
from bot.studio import draw_seed
from db.jobs import Job, JobState
from pipeline.errors import InvalidRequest, MemberError
from pipeline.recipe import Recipe
from pipeline.request import ImagineRequest, Plan, plan


def run(args: argparse.Namespace) -> int:
    """Paint and write the files."""
    settings = read_settings(log_level="error")
    set_up_logs(settings)
    request = request_of(args)
    # Whatever can be refused is refused before anything is opened, made or loaded.
    planned = plan(
        request,
        read_profiles(settings),
        settings.default_profile,
        ceiling=LOCAL_CEILING,
        draw_seed=draw_seed,
    )
    out = Path(args.out).expanduser()
    check_out(out)
    return asyncio.run(_imagine(settings, request, planned, out, as_json=args.json))


async def _imagine(
    settings: Settings, request: ImagineRequest, planned: Plan, out: Path, *, as_json: bool
) -> int:
    async with open_app(settings) as app:
        await _clean_up_after_interrupted_runs(app, settings)
        await app.studio.learn_speeds()
        accepted = await app.studio.submit(LOCAL, request, planned)
        for warning in planned.warnings:
            print(f"Note: {warning}", file=sys.stderr)
        try:
            await _show_progress(app, accepted.job)
        except (KeyboardInterrupt, asyncio.CancelledError):
            await app.studio.cancel(accepted.job.id)
            raise
        job = await app.studio.job(accepted.job.id)
        if job is None or job.state is not JobState.RENDERED:
            raise MemberError("{text}", text=(job and job.error) or "The job was cancelled.")
        for image, path in zip(job.images, paths_for(out, job), strict=True):
            if image.file is None:
                print(f"Picture {image.position + 1} failed: {image.error}", file=sys.stderr)
                continue
            _copy(app.studio.picture_path(image), path)
            print(_line(path, Recipe.from_json(image.recipe), image.seconds or 0.0, as_json=as_json))
        await app.studio.delivered(job.id, None)
        return 0 if all(image.file for image in job.images) else 1


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


def paths_for(out: Path, job: Job) -> list[Path]:
    """Where each picture goes: into the folder by seed, or to the named file (numbered from the second on)."""
    if out.suffix.lower() == ".png":
        return [out if i == 0 else out.with_stem(f"{out.stem}-{i + 1}") for i in range(len(job.images))]
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

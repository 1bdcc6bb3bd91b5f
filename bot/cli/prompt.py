"""`python -m bot prompt`: what would be sent, without loading any model."""

from __future__ import annotations

import argparse
import json

from bot.cli.options import requests_of
from bot.models import read_profiles
from bot.settings import read_settings
from pipeline.profiles.types import Rating
from pipeline.prompt.tokens import TokenMeter
from pipeline.request import Plan, plan


def run(args: argparse.Namespace) -> int:
    """Compose, count tokens and print, for every prompt that the given one stands for."""
    settings = read_settings()
    profiles = read_profiles(settings)
    plans = [
        plan(request, profiles, settings.default_profile, ceiling=Rating.EXPLICIT, draw_seed=lambda: 0)
        for request in requests_of(args)
    ]
    for place, planned in enumerate(plans):
        if place and not args.json:
            print()
        _print(planned, as_json=args.json)
    return 0


def _print(planned: Plan, *, as_json: bool) -> None:
    composed, recipe = planned.composed, planned.recipes[0]
    meter = TokenMeter(planned.profile.tokenizer)
    tokens, negative_tokens = meter.count(composed.prompt), meter.count(composed.negative_prompt)
    if as_json:
        print(
            json.dumps(
                {
                    "profile": planned.profile.id,
                    "prompt": composed.prompt,
                    "negative_prompt": composed.negative_prompt,
                    "added": [{"tag": a.tag, "rule": a.rule, "where": a.where} for a in composed.added],
                    "warnings": list(planned.warnings),
                    "tokens": list(tokens),
                    "negative_tokens": list(negative_tokens),
                    "width": recipe.width,
                    "height": recipe.height,
                    "sampler": recipe.sampler,
                    "steps": recipe.steps,
                    "guidance_scale": recipe.guidance_scale,
                },
                ensure_ascii=False,
            )
        )
        return
    print(f"Prompt ({_chunks(tokens)}):\n  {composed.prompt}")
    print(f"Negative prompt ({_chunks(negative_tokens)}):\n  {composed.negative_prompt or '(empty)'}")
    if composed.added:
        print("Added:")
        by_rule: dict[tuple[str, str], list[str]] = {}
        for added in composed.added:
            by_rule.setdefault((added.where.replace("_", " "), added.rule), []).append(added.tag)
        for (where, rule), tags in by_rule.items():
            print(f"  to the {where}: {', '.join(tags)}\n    {rule}")
    for warning in planned.warnings:
        print(f"Note: {warning}")


def _chunks(counts: tuple[int, ...]) -> str:
    return " + ".join(f"{count}/75" for count in counts) + " tokens"

"""`python -m bot profiles`: the model profiles, as a table or as JSON lines."""

from __future__ import annotations

import argparse
import json

from bot.models import read_profiles
from bot.settings import read_settings
from pipeline.profiles.types import Profile, Range, TagKind
from pipeline.samplers import SAMPLERS


def run(args: argparse.Namespace) -> int:
    """Print every profile."""
    settings = read_settings()
    for profile in read_profiles(settings).values():
        if args.json:
            print(json.dumps(_as_dict(profile), ensure_ascii=False))
        else:
            default = "  (default)" if profile.id == settings.default_profile else ""
            print(f"{profile.id}{default}\n  {profile.name}: {profile.summary}")
            print(
                f"  steps {_range(profile.steps)}, guidance {_range(profile.guidance_scale)}, "
                f"{SAMPLERS[profile.sampler].name}"
            )
            print("  sizes " + ", ".join(f"{b.aspect} {b.width}x{b.height}" for b in profile.buckets))
            print(
                "  licence "
                + "; ".join(f"{li.name}{f' ({li.remark})' if li.remark else ''}" for li in profile.licences)
            )
            print(
                f"  weights {profile.source.repo or 'come with Tagbrush'} (own ones: {profile.weights_setting})\n"
            )
    return 0


def _range(limits: Range) -> str:
    low, high = limits.recommended_low, limits.recommended_high
    advised = f"{low:g}" if low == high else f"{low:g}-{high:g}"
    return f"{limits.default:g} (card: {advised}; allowed {limits.minimum:g}-{limits.maximum:g})"


def _as_dict(profile: Profile) -> dict[str, object]:
    return {
        "id": profile.id,
        "name": profile.name,
        "summary": profile.summary,
        "licences": [{"name": li.name, "url": li.url, "remark": li.remark} for li in profile.licences],
        "repo": profile.source.repo,
        "weights_setting": profile.weights_setting,
        "samplers": list(profile.samplers),
        "sampler": profile.sampler,
        "steps": {"min": profile.steps.minimum, "max": profile.steps.maximum, "default": profile.steps.default},
        "guidance_scale": {
            "min": profile.guidance_scale.minimum,
            "max": profile.guidance_scale.maximum,
            "default": profile.guidance_scale.default,
        },
        "sizes": [{"aspect": b.aspect, "width": b.width, "height": b.height} for b in profile.buckets],
        "tags": {
            k.value: {t.tag: t.meaning for t in profile.tags_of(k)} for k in TagKind if profile.tags_of(k)
        },
        "ratings": {rating.value: list(words.positive) for rating, words in profile.ratings.items()},
        "negative_presets": {preset.id: preset.text for preset in profile.negative_presets},
        "template": list(profile.template),
    }

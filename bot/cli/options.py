"""The options that `imagine` and `prompt` share, and how they become a request."""

from __future__ import annotations

import argparse
from typing import Final

from bot.permuted import expanded
from pipeline.profiles.types import Rating
from pipeline.request import ImagineRequest
from pipeline.samplers import SAMPLERS

MOST: Final = 1000
"""Pictures of one command; whoever means more can call it more often."""


def add_request_options(parser: argparse.ArgumentParser) -> None:
    """Add PROMPT and everything that mirrors `/imagine`. Numbers stay text: `pipeline.request` checks them."""
    parser.add_argument(
        "prompt", metavar="PROMPT", help="tags, separated by commas; {red|blue} hair stands for both"
    )
    parser.add_argument("--profile", metavar="ID", help="model profile (see `python -m bot profiles`)")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--aspect", metavar="W:H", help="a documented aspect of the model, such as 2:3")
    size.add_argument("--size", metavar="WxH", help="a size in pixels, such as 832x1216")
    parser.add_argument("--count", metavar="N", default="1", help="pictures, 1 to 4; picture i uses seed + i")
    parser.add_argument("--seed", metavar="N", help="0 to 4294967295; random when left out")
    parser.add_argument("--steps", metavar="N", help="denoising steps")
    parser.add_argument("--cfg", metavar="X", help="guidance scale")
    parser.add_argument(
        "--sampler",
        metavar="NAME",
        help="one of " + ", ".join(SAMPLERS) + ", or its usual name such as 'Euler a'",
    )
    parser.add_argument("--negative", metavar="TEXT", default="", help="negative prompt, joined to the preset")
    parser.add_argument(
        "--negative-preset", metavar="NAME", help="the model's preset, several joined by +, or none"
    )
    parser.add_argument("--rating", metavar="R", help="one of " + ", ".join(Rating))
    parser.add_argument(
        "--quality",
        metavar="TAG",
        action="append",
        help="quality, score or aesthetic tag; repeat for more; or none",
    )
    parser.add_argument("--year", metavar="Y", help="year tag of the model")
    parser.add_argument(
        "--style", metavar="TAG", action="append", default=[], help="painting style; repeat for more"
    )
    parser.add_argument("--order", action="store_true", help="order the tags by the model's template")


def requests_of(args: argparse.Namespace, seeds: str = "") -> tuple[ImagineRequest, ...]:
    """All requests that the parsed options stand for, one for each permutation of the prompt and row of seeds.

    Raises:
        InvalidRequest: a brace or the series is wrong, or they are too many pictures.
    """
    return expanded(request_of(args), seeds, most=MOST, most_jobs=MOST)


def request_of(args: argparse.Namespace) -> ImagineRequest:
    """The request the parsed options ask for, still unchecked."""
    quality = None if args.quality is None else tuple(q for q in args.quality if q.strip().lower() != "none")
    return ImagineRequest(
        prompt=args.prompt,
        profile=args.profile,
        aspect=args.aspect,
        size=args.size,
        count=args.count,
        seed=args.seed,
        steps=args.steps,
        guidance_scale=args.cfg,
        sampler=args.sampler,
        negative=args.negative,
        negative_preset=args.negative_preset,
        rating=args.rating,
        quality=quality,
        year=args.year,
        styles=tuple(args.style),
        order=args.order,
    )

"""What the tags leave open about a person: proportions, palette and the shapes of one drawing."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pipeline.miniature.artist import colours
from pipeline.miniature.artist.colours import Colour, jitter, lit, mix
from pipeline.miniature.artist.scene import BOY, Scene


@dataclass(frozen=True, slots=True)
class Look:
    """The decisions of one drawing. Lengths are in heads, angles in radians."""

    boy: bool
    skin: Colour
    hair: Colour
    eyes: Colour
    garment: Colour
    bottom: Colour
    trim: Colour
    hat: Colour
    white: Colour
    ink: Colour
    """Nearly black, for lashes and outlines."""
    tilt: float
    jaw: float
    """How wide the chin is, 0 to 1."""
    eye_height: float
    eye_width: float
    eye_gap: float
    bang_tips: int
    bang_length: float
    bang_sweep: float
    lock_length: float
    hair_volume: float
    shoulder: float
    arm_swing: float
    leg_gap: float
    side: int
    """1 or -1: the side of ponytails, bows and waving hands."""
    detail: float
    """0 (careless) to 1 (every strand)."""
    skew: float
    """How badly proportioned, 0 to 1."""
    trousers: bool


def look_of(scene: Scene, rng: Random) -> Look:
    """Decide everything the tags leave open."""
    boy = scene.subject == BOY
    light = scene.light
    skin = jitter(rng.choices(colours.SKINS, (4, 4, 3, 2, 1))[0], rng, 0.4)
    hair = jitter(colours.HAIR[scene.hair_colour], rng)
    garment = jitter(colours.GARMENTS[scene.garment_colour], rng)
    detail = {"masterpiece": 1.0, "best quality": 0.8, "normal quality": 0.4}.get(scene.quality, 0.1)
    skew = {"low quality": 0.35, "worst quality": 1.0}.get(scene.quality, 0.0)
    return Look(
        boy=boy,
        # Skin keeps its warmth at night: under the whole tint faces turn to stone.
        skin=mix(lit(skin, light), skin, 0.55),
        hair=lit(hair, light),
        eyes=lit(jitter(colours.EYES[scene.eye_colour], rng, 0.6), light),
        garment=lit(garment, light),
        bottom=lit(jitter(rng.choice(colours.BOTTOMS), rng), light),
        trim=lit(colours.trim_unlike(rng, hair, garment), light),
        hat=lit(colours.trim_unlike(rng, hair), light),
        white=lit((248, 248, 252), light),
        ink=lit(mix(colours.darker(hair, 0.7), (38, 26, 44), 0.65), light),
        tilt=rng.gauss(0, 0.045 + 0.05 * skew),
        jaw=rng.uniform(0.65, 0.95) if boy else rng.uniform(0.1, 0.5),
        eye_height=rng.uniform(0.124, 0.138) if boy else rng.uniform(0.152, 0.170),
        eye_width=rng.uniform(0.102, 0.112) if boy else rng.uniform(0.114, 0.127),
        eye_gap=rng.uniform(0.198, 0.216),
        bang_tips=rng.choice((3, 4, 5)),
        bang_length=rng.uniform(0.40, 0.47),
        bang_sweep=rng.uniform(-0.08, 0.08),
        lock_length=rng.uniform(0.50, 0.62) if boy else rng.uniform(0.78, 0.98),
        hair_volume=rng.uniform(0.97, 1.06),
        shoulder=rng.uniform(0.42, 0.47) if boy else rng.uniform(0.345, 0.385),
        arm_swing=rng.uniform(0.0, 1.0),
        leg_gap=rng.uniform(0.19, 0.215),
        side=rng.choice((-1, 1)),
        detail=detail,
        skew=skew,
        trousers=boy or rng.random() < 0.25,
    )

"""Plain backgrounds: a pastel colour with, at most, a quiet pattern of a second one."""

from __future__ import annotations

from pipeline.miniature.artist.backgrounds.canvas import WHITE, Canvas, Colour, hsv, mix


def paint_simple(canvas: Canvas) -> None:
    """A gradient or one of the patterns, in two pastel colours that are neighbours or opposites."""
    hue = canvas.between(0, 1)
    first = hsv(hue, canvas.between(0.08, 0.3), canvas.between(0.94, 1.0))
    step = canvas.rng.choice((0.0, 0.05, -0.06, 0.1, -0.1))
    second = hsv(hue + step, canvas.between(0.2, 0.42), canvas.between(0.88, 0.98))
    if canvas.chance(0.12):
        first, second = hsv(hue, 0.02, 0.97), hsv(hue, 0.05, 0.88)
    canvas.gradient(0, canvas.height, first, mix(first, second, 0.2))
    patterns = (_plain, _plain, _dots, _stripes, _circle, _halves, _waves, _bubbles)
    canvas.rng.choice(patterns)(canvas, first, second)


def _plain(canvas: Canvas, first: Colour, second: Colour) -> None:
    if not canvas.flat and canvas.chance(0.6):
        canvas.gradient(0, canvas.height, first, second)
    elif not canvas.flat:
        canvas.glow(canvas.width / 2, canvas.height * 0.4, max(canvas.width, canvas.height) * 0.75, WHITE, 0.8)


def _dots(canvas: Canvas, _first: Colour, second: Colour) -> None:
    step = canvas.unit * canvas.between(0.15, 0.24)
    radius, fill = step * canvas.between(0.17, 0.28), mix(second, WHITE, canvas.rng.choice((0.0, 0.0, 0.85)))
    for row in range(int(canvas.height / step) + 2):
        for column in range(int(canvas.width / step) + 2):
            canvas.disc((column + (row % 2) / 2) * step, row * step, radius, fill)


def _stripes(canvas: Canvas, first: Colour, second: Colour) -> None:
    step = canvas.unit * canvas.between(0.18, 0.32)
    slant = canvas.rng.choice((0.0, 0.6, -0.6)) * canvas.height
    fill = mix(first, second, canvas.between(0.6, 1.0))
    x = -abs(slant) - step
    while x < canvas.width + abs(slant):
        canvas.polygon(
            [(x, 0), (x + step / 2, 0), (x + step / 2 + slant, canvas.height), (x + slant, canvas.height)], fill
        )
        x += step


def _circle(canvas: Canvas, first: Colour, second: Colour) -> None:
    """One big circle behind the character, sometimes a ring."""
    x, y = canvas.width * canvas.between(0.46, 0.54), canvas.height * canvas.between(0.38, 0.52)
    radius = canvas.unit * canvas.between(0.36, 0.47)
    canvas.disc(x, y, radius, mix(second, WHITE, canvas.rng.choice((0.0, 0.75))))
    if canvas.chance(0.5):
        canvas.disc(x, y, radius * 0.86, mix(first, second, 0.3))


def _halves(canvas: Canvas, first: Colour, second: Colour) -> None:
    """Two tones that meet in a slanting line."""
    at, lean = canvas.between(0.4, 0.65) * canvas.height, canvas.between(-0.3, 0.3) * canvas.height
    canvas.polygon(
        [(0, at + lean), (canvas.width, at - lean), (canvas.width, canvas.height), (0, canvas.height)],
        mix(first, second, canvas.between(0.75, 1.0)),
    )


def _waves(canvas: Canvas, first: Colour, second: Colour) -> None:
    for number in range(3):
        y = canvas.height * (0.58 + 0.14 * number)
        edge = canvas.wave(y, canvas.unit * 0.05, canvas.width / canvas.unit)
        fill = mix(first, second, 0.4 + 0.3 * number)
        canvas.ground(edge, fill, fill)


def _bubbles(canvas: Canvas, _first: Colour, second: Colour) -> None:
    """A few big translucent discs."""
    for _ in range(max(3, canvas.count(5, 9))):
        x, y = canvas.between(0, 1) * canvas.width, canvas.between(0, 1) * canvas.height
        canvas.disc(x, y, canvas.unit * canvas.between(0.07, 0.2), canvas.rng.choice((second, WHITE)), 0.5)

"""Finds every sentence in the code that a member may read, so that no language lacks one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ERRORS = {
    "MemberError",
    "NotHere",
    "InvalidRequest",
    "WeightsError",
    "OutOfMemory",
    "QueueFull",
    "DiskFull",
    "Banned",
}
SPOKEN = {"say", "translated"}
DOING = {"guarded": 1, "explain": 1, "refuse": 2}
"""Calls that are told what was being done, and where among their arguments."""
LABELS = {"doing", "label"}
"""Of a class: what its failing is called, and what stands on its button."""
TABLES = {"_LABELS", "ACTIONS", "ESTIMATES", "LINES", "_LINES"}
"""Collections whose texts are said."""
OWNERS = (
    "bot/cli", "bot/demo", "bot/doctor", "bot/settings.py", "bot/models.py", "bot/app.py", "pipeline/engine",
    "pipeline/built_in.py", "cogs/owner", "bot/moderation/instance_settings.py",
    "pipeline/miniature", "pipeline/profiles",
)  # fmt: skip
"""What only an owner reads, at the command line or in the log; and failures of weights, which name files."""


def modules() -> Iterator[Path]:
    """Every module that says something to members."""
    for package in ("bot", "cogs", "pipeline"):
        for file in sorted((ROOT / package).rglob("*.py")):
            if not str(file.relative_to(ROOT)).startswith(OWNERS):
                yield file


def sentences(file: Path) -> set[str]:
    """What one module says: texts of errors, of `say`, of buttons' labels, and what a failing action is called."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named = {name: value for name, value in _assigned(tree) if isinstance(value, ast.Constant)}
    found: set[str] = set()
    for expression in _said(tree):
        for node in _branches(expression):
            value = named.get(node.id) if isinstance(node, ast.Name) else node
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value.value)
    return found


def _said(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions whose value a member reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            yield from _of_a_call(node.func.id, node.args)
    for name, value in _assigned(tree):
        if name in LABELS:
            yield value
        elif name in TABLES:
            texts = value.values if isinstance(value, ast.Dict) else [value]
            yield from (each for text in texts for each in ast.walk(text) if isinstance(each, ast.Constant))


def _of_a_call(name: str, given: list[ast.expr]) -> Iterator[ast.expr]:
    if name in ERRORS | SPOKEN:
        yield given[0]
    if name in DOING:
        yield given[DOING[name]]
    if name == "plural" and isinstance(given[1], ast.Constant):
        yield from (ast.Constant(f"{{count}} {given[1].value!s}{end}") for end in ("", "s"))


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Every name that is given a value, also side by side: `name, label = "edit", "Edit"`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value
        elif isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                for each, value in zip(target.elts, node.value.elts, strict=False):
                    if isinstance(each, ast.Name):
                        yield each.id, value


def _branches(expression: ast.expr) -> Iterator[ast.expr]:
    """Both sides of a conditional expression."""
    if isinstance(expression, ast.IfExp):
        yield from _branches(expression.body)
        yield from _branches(expression.orelse)
    else:
        yield expression

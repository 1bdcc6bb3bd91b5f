"""Finds every sentence in the code that a member may read, so that no language lacks one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ERRORS = {"MemberError", "InvalidRequest", "WeightsError", "OutOfMemory", "QueueFull", "DiskFull"}
SPOKEN = {"say", "translated"}
DOING = {"guarded": 1, "explain": 1, "refuse": 2}
"""Calls that are told what was being done, and where among their arguments."""
OWNERS = (
    "bot/cli", "bot/demo", "bot/doctor", "bot/settings.py", "bot/models.py", "bot/app.py", "pipeline/engine",
    "pipeline/built_in.py", "pipeline/miniature", "pipeline/profiles",
)  # fmt: skip
"""What only an owner reads, at the command line or in the log; and failures of weights, which name files."""


def modules() -> Iterator[Path]:
    """Every module that says something to members."""
    for package in ("bot", "cogs", "pipeline"):
        for file in sorted((ROOT / package).rglob("*.py")):
            if not str(file.relative_to(ROOT)).startswith(OWNERS):
                yield file


def constants(tree: ast.Module) -> dict[str, str]:
    """Texts that the module gives a name."""
    found = {}
    for node in tree.body:
        target = (
            node.target
            if isinstance(node, ast.AnnAssign)
            else node.targets[0]
            if isinstance(node, ast.Assign)
            else None
        )
        if isinstance(target, ast.Name) and isinstance(node, ast.AnnAssign | ast.Assign):
            value = node.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[target.id] = value.value
    return found


def sentences(file: Path) -> set[str]:
    """What one module says: texts of errors, of `say`, of buttons' labels, and what a failing action is called."""
    tree = ast.parse(file.read_text())
    named = constants(tree)
    found: set[str] = set()

    def add(node: ast.expr) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Name) and node.id in named:
            found.add(named[node.id])
        elif isinstance(node, ast.IfExp):
            add(node.body)
            add(node.orelse)

    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name in ERRORS or name in SPOKEN:
                add(node.args[0])
            if name in DOING:
                add(node.args[DOING[name]])
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == "doing":
                add(node.value)
    return found

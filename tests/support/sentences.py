"""Finds every sentence in the code that a member may read, and every text that no language could say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.profiles.types import Profile
from pipeline.samplers import SAMPLERS

ROOT = Path(__file__).parents[2]
ERRORS = {
    "MemberError", "NotHere", "InvalidRequest", "WeightsError", "OutOfMemory", "QueueFull", "DiskFull", "Closed",
    "Cancelled", "DeviceError", "DatabaseError", "Banned",
}  # fmt: skip
SPOKEN = {"say", "translated", "Sentence"}
DOING = {"guarded": 1, "explain": 1, "refuse": 2, "tell": 1}
"""Calls that are told what was being done, and where among their arguments."""
LABELS = {"doing", "label"}
"""Of a class: what its failing is called, and what stands on its button."""
TABLES = {
    "_LABELS", "ACTIONS", "ESTIMATES", "LINES", "_LINES", "TABLES", "_UNSET", "_SENTENCES", "KEPT", "DELETED_MEANWHILE",
}  # fmt: skip
"""Collections whose texts are said, and texts that are written down before they are."""
OF_CARDS = {"hint", "words", "ratings_remark", "summary", "remark", "meaning", "label", "template_text"}
"""What cards and samplers say of themselves, see `texts_of`."""
PLACEHOLDERS = re.compile(r"\{[^{}]*\}")
OWNERS = (
    "bot/cli", "bot/demo", "bot/doctor", "bot/settings.py", "bot/models.py", "bot/app.py", "bot/factories.py",
    "bot/logs.py",
    "pipeline/built_in.py", "pipeline/miniature", "pipeline/profiles", "pipeline/engine/nsfw", "pipeline/engine/wd.py",
    "cogs/owner", "bot/moderation/instance_settings.py",
)  # fmt: skip
"""What only an owner reads, at the command line or in the log."""
FROM_DB = ("db/errors.py", "db/transitions.py", "db/forgetting.py")


def modules() -> Iterator[Path]:
    """Every module that says something to members."""
    for package in ("bot", "cogs", "pipeline"):
        for file in sorted((ROOT / package).rglob("*.py")):
            if not str(file.relative_to(ROOT)).startswith(OWNERS):
                yield file
    yield from (ROOT / name for name in FROM_DB)


def has_words(template: str) -> bool:
    """Whether there is anything in it to translate."""
    return any(sign.isalpha() for sign in PLACEHOLDERS.sub("", template))


def sentences(file: Path) -> set[str]:
    """What one module says: texts of errors, of `say`, of buttons' labels, and what a failing action is called."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named = _named(tree)
    found: set[str] = set()
    for expression in _said(tree):
        for node in _branches(expression):
            value = named.get(node.id) if isinstance(node, ast.Name) else node
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value.value)
    return found


def texts_of(profile: Profile) -> set[str]:
    """What a model's card says that members are shown, and what the samplers are good for."""
    found = {profile.summary, profile.template_text, profile.ratings_remark, *profile.advice}
    found |= {profile.steps.words, profile.guidance_scale.words}
    found |= {licence.remark for licence in profile.licences} | {bucket.label for bucket in profile.buckets}
    found |= {tag.meaning for tag in profile.tags} | {preset.meaning for preset in profile.negative_presets}
    found |= {sampler.hint for sampler in SAMPLERS.values()}
    return found


# -- what no language could say ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the code, and where."""

    text: str
    place: str

    def __str__(self) -> str:
        """As an editor finds it."""
        return f"{self.place}: {self.text!r}"


_UNREAD = {"name", "reason", "custom_id", "nonce", "prompt", "negative", "template", "media"}
"""Arguments that nobody reads, or that are tags."""
_UNHEARD = {"log", "_log", "re"}
_WIDGETS = {"Button", "Modal", "Label", "TextInput", "Select", "SelectOption", "TextDisplay", "Embed"}
_WORD = re.compile(r"[^\W\d_]{2,}")
_SENTENCE = re.compile(r"[^\W\d_]{2,},? [^\W\d_]{2,}")


def joined(file: Path) -> Iterator[Text]:
    """F-strings with words in them: what they make is English for ever."""
    for node in _read(file):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            text = "".join(str(part) for part in parts)
            words = PLACEHOLDERS.sub("", text)
            if _WORD.search(words) and (" " in words or re.match(r"\W*[A-Z]", words)):
                yield Text(text, _place(file, node))


def unsaid(file: Path, spoken: set[str]) -> Iterator[Text]:
    """Sentences that are written out and said nowhere, and texts of buttons and forms that nothing translates."""
    for node in _read(file):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _SENTENCE.search(node.value) and node.value not in spoken:
                yield Text(node.value, _place(file, node))
        elif isinstance(node, ast.Call) and _name(node.func) in _WIDGETS:
            given = [*node.args, *(each.value for each in node.keywords if each.arg not in _UNREAD)]
            for value in (branch for each in given for branch in _branches(each)):
                if (
                    isinstance(value, ast.Constant)
                    and isinstance(value.value, str)
                    and _WORD.search(value.value)
                ):
                    yield Text(value.value, _place(file, node))


def undecided(file: Path) -> Iterator[Text]:
    """Templates that are not written out where they are said, so that no language's file can be held against them."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named = _named(tree)
    imported = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or _name(node.func) not in ERRORS | {"Sentence"}:
            continue
        for given in _branches(node.args[0]):
            known = (
                isinstance(given, ast.Constant)
                or (isinstance(given, ast.Name) and (given.id in named or given.id in imported))
                or (isinstance(given, ast.Attribute) and given.attr in OF_CARDS)
            )
            if not known:
                yield Text(ast.unparse(node), _place(file, node))


def _read(file: Path) -> Iterator[ast.AST]:
    """The nodes of a module that may hold what a member reads: no docstrings, logs, faults of ours or patterns."""
    todo: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring, also one of an attribute
        if (
            isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Call)
            and _name(node.exc.func) not in ERRORS
        ):
            continue
        if isinstance(node, ast.Call) and (_name(node.func) == "plural" or _whose(node.func) in _UNHEARD):
            continue
        if isinstance(node, ast.keyword) and node.arg in _UNREAD:
            continue
        if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases):
            continue
        yield node
        # The parts of an f-string are no texts of their own; what is put into it may be.
        below = node.values if isinstance(node, ast.JoinedStr) else ast.iter_child_nodes(node)
        todo += [
            each for each in below if not (isinstance(node, ast.JoinedStr) and isinstance(each, ast.Constant))
        ]


def _whose(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.value.id
    return ""


def _place(file: Path, node: ast.expr) -> str:
    return f"{file.relative_to(ROOT)}:{node.lineno}"


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Subscript):
        return _name(function.value)
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _named(tree: ast.Module) -> dict[str, ast.expr]:
    return {name: value for name, value in _assigned(tree) if isinstance(value, ast.Constant)}


def _said(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions whose value a member reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            if isinstance(node.func, ast.Name):
                yield from _of_a_call(node.func.id, node.args)
            elif isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
                yield node.args[0]  # of an error that knows its sentence itself
    for name, value in _assigned(tree):
        if name in LABELS:
            yield value
        elif name in TABLES:
            below = list(ast.walk(value))
            keys = {id(key) for each in below if isinstance(each, ast.Dict) for key in each.keys}
            yield from (
                each for each in below if isinstance(each, ast.Constant | ast.Name) and id(each) not in keys
            )


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
    """All sides of conditional expressions, and of `or`."""
    if isinstance(expression, ast.IfExp):
        yield from _branches(expression.body)
        yield from _branches(expression.orelse)
    elif isinstance(expression, ast.BoolOp):
        for each in expression.values:
            yield from _branches(each)
    else:
        yield expression

"""House rules that no linter checks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "cogs", "db", "pipeline")
SOURCES = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
BLOCKING = {
    "time.sleep",
    "subprocess.run",
    "subprocess.check_output",
    "requests.get",
    "open",
    "shutil.copyfile",
}
FILE_CALLS = {"read_bytes", "write_bytes", "read_text", "write_text"}
SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\b", re.DOTALL
)


def names(files: list[Path]) -> list[str]:
    """Paths as a developer reads them."""
    return [str(file.relative_to(ROOT)) for file in files]


@pytest.mark.parametrize(
    "module",
    ["pipeline.classify", "pipeline.engine.classifiers", "pipeline.engine.wd", "pipeline.prompt.compose",
     "pipeline.prompt.tokens", "pipeline.profiles", "pipeline.request", "pipeline.executor",
     "pipeline.queueing.fair", "bot.cli.main", "bot.cli.prompt", "bot.app"],
)  # fmt: skip
def test_importing_does_not_import_torch(module: str) -> None:
    """Only the executor thread pays for torch, and only when something is painted."""
    heavy = "[m for m in ('torch', 'diffusers', 'transformers') if m in sys.modules]"
    code = f"import sys, {module}; sys.exit(str({heavy}) if {heavy} else 0)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def strings(file: Path) -> list[str]:
    """Every text constant of a module."""
    nodes = ast.walk(ast.parse(file.read_text()))
    return [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def test_sql_stands_only_in_db() -> None:
    """Queries are in one place, where they are parameterised."""
    elsewhere = [file for file in SOURCES if file.relative_to(ROOT).parts[0] != "db"]
    assert [str(file) for file in elsewhere if any(SQL.search(text) for text in strings(file))] == []


def test_queries_never_format_values_into_sql() -> None:
    """An f-string in `db/` may hold nothing but our own upper-case constants and table names."""
    offenders = []
    for file in (ROOT / "db").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                text = "".join(str(v.value) for v in node.values if isinstance(v, ast.Constant))
                fields = [ast.unparse(v.value) for v in node.values if isinstance(v, ast.FormattedValue)]
                if SQL.search(text) and any(not f.strip("_").isupper() and f != "table" for f in fields):
                    offenders.append(f"{file.name}: {fields}")
    assert offenders == []


def test_nothing_blocks_inside_a_coroutine() -> None:
    """No sleep, subprocess, file read or request on the event loop."""
    offenders = []
    for file in SOURCES:
        for function in (
            n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.AsyncFunctionDef)
        ):
            for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
                name = ast.unparse(call.func)
                if name in BLOCKING or name.rpartition(".")[2] in FILE_CALLS:
                    offenders.append(f"{file.name}:{call.lineno} {name}")
    assert offenders == []


def test_modules_stay_small() -> None:
    """A room that no longer fits on a few screens is two rooms."""
    assert [
        n for n, f in zip(names(SOURCES), SOURCES, strict=True) if len(f.read_text().splitlines()) > 400
    ] == []


def test_only_pinned_requirements_without_addresses() -> None:
    """Exact versions, no index addresses, no torchvision."""
    for name in ("requirements.txt", "requirements-wd.txt", "requirements-dev.txt"):
        lines = [
            li
            for li in (ROOT / name).read_text().splitlines()
            if li.strip() and not li.lstrip().startswith("#")
        ]
        assert [li for li in lines if not re.fullmatch(r"[A-Za-z0-9._\[\]-]+==[\w.+!-]+( ;.*)?", li)] == []
        assert not any("torchvision" in li for li in lines)
        assert any(li == "torch==2.13.0" for li in lines)


def test_weights_are_never_unpickled() -> None:
    """Weights are read from safetensors only; a training's checkpoint holds optimizers, too, but no code."""
    for file in SOURCES:
        text = file.read_text()
        calls = re.findall(r"torch\.load\([^)]*\)", text)
        assert not calls or file.name == "checkpoint.py", file
        assert all("weights_only=True" in call for call in calls), file
        assert "import pickle" not in text, file


def test_every_relative_link_of_the_documents_leads_somewhere() -> None:
    """A newcomer clicks them."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    targets = [(d, t) for d in documents for t in re.findall(r"\]\(([^)#]+)", d.read_text()) if "://" not in t]
    assert targets
    assert [f"{d.name}: {t}" for d, t in targets if not (d.parent / t).exists()] == []

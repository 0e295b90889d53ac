"""A file is read in one sitting and a function on one screen.

Ruff has no rule for either. JavaScript's functions are measured by Biome.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE_LINES = 300
FUNCTION_LINES = 40

#: What is longer all the same: "path" or "path::function" with its length. Numbers only fall, entries go.
TOLERATED: dict[str, int] = {}


def sources() -> Iterator[Path]:
    for pattern in ("app/**/*.py", "tests/**/*.py", "static/js/**/*.js", "static/css/**/*.css"):
        yield from (path for path in sorted(ROOT.glob(pattern)) if "node_modules" not in path.parts)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a Python file with its length, docstring and all."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def too_long() -> dict[str, int]:
    found = {}
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        if (length := len(path.read_text().splitlines())) > FILE_LINES:
            found[name] = length
        if path.suffix == ".py":
            found |= {f"{name}::{f}": lines for f, lines in functions(path) if lines > FUNCTION_LINES}
    return found


def test_nothing_is_too_long_but_what_is_tolerated() -> None:
    # Equality, not "at most": a length that has fallen must be recorded, so that it cannot rise again.
    assert too_long() == TOLERATED

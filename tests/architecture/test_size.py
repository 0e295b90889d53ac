"""A file is read in one sitting and a function on one screen.

Ruff has no rule for either. JavaScript's functions are measured by Biome.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES = 500  # a device or a reader is read from top to bottom; nothing is split by its size alone
FUNCTION_LINES = 40


def sources(pattern: str) -> list[Path]:
    return [path for path in sorted(ROOT.glob(pattern)) if "node_modules" not in path.parts]


def functions(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Each function inside *node* with its length, docstring and all. No expression holds one."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from functions(part)


def too_long(paths: list[Path]) -> dict[str, int]:
    found = {}
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text()
        if (length := len(text.splitlines())) > FILE_LINES:
            found[name] = length
        if path.suffix == ".py":
            found |= {f"{name}::{f}": lines for f, lines in functions(ast.parse(text)) if lines > FUNCTION_LINES}
    return found


TESTS = pytest.param("tests/**/*.py", marks=pytest.mark.slow)  # to parse them takes a second


@pytest.mark.parametrize("pattern", ["app/**/*.py", TESTS, "static/js/**/*.js", "static/css/**/*.css"])
def test_nothing_is_too_long(pattern: str) -> None:
    paths = sources(pattern)

    assert paths != []
    assert too_long(paths) == {}

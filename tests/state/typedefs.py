"""The page's types of the state; ``python -m tests.state.typedefs`` writes them from the shapes in ``app/state``."""

import ast
import inspect
import sys
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

from app.state.event_records import EventRecord
from app.state.shapes import LadderState, State

FILE = Path(__file__).parents[2] / "static/js/state-types.js"
#: What a script can be given; whatever these are made of comes along.
ROOTS = (State, EventRecord, LadderState)
_PLAIN = {int: "number", float: "number", str: "string", bool: "boolean", NoneType: "null"}
_HEAD = """/**
 * What the state is made of. Written from `app/state/shapes.py` by `python -m tests.state.typedefs`.
 *
"""


def file_text() -> str:
    """All that stands in the file."""
    return _HEAD + " *\n".join(_typedef(kind) for kind in kinds()) + " */\n\nexport {};\n"


def kinds() -> list[type]:
    """The types of the state, those first that others are made of."""
    found: list[type] = []

    def visit(kind: Any) -> None:
        if is_typeddict(kind) and kind not in found:
            for part in fields_of(kind).values():
                visit(part)
            found.append(kind)
        elif not isinstance(kind, type):
            for part in get_args(kind):
                visit(part)

    for root in ROOTS:
        visit(root)
    return found


def fields_of(kind: type) -> dict[str, Any]:
    """Name to type, of all bases too."""
    return get_type_hints(kind, include_extras=True)


def _typedef(kind: type) -> str:
    remarks = _remarks(kind)
    says = (inspect.getdoc(kind) or "").rstrip(".")
    lines = [f" * @typedef {{object}} {kind.__name__} {says}\n"]
    for name, field in fields_of(kind).items():
        called = f"[{name}]" if get_origin(field) is NotRequired else name
        remark = f" {remarks[name]}" if name in remarks else ""
        lines.append(f" * @property {{{written(field)}}} {called}{remark}\n")
    return "".join(lines)


def written(kind: Any) -> str:
    """A type as JSDoc has it."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is NotRequired:
        return written(parts[0])
    if origin is Annotated:
        return " | ".join(f'"{value}"' for each in parts[1:] for value in _values(each))
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in parts)
    if origin is UnionType:
        return " | ".join(written(part) for part in parts)
    if origin is list:
        return f"{written(parts[0])}[]"
    if origin is dict:
        return f"Record<{written(parts[0])}, {written(parts[1])}>"
    return _PLAIN.get(kind) or str(kind.__name__)


def _values(each: Any) -> list[str]:
    if isinstance(each, type) and issubclass(each, Enum):
        return [str(member.value) for member in each]
    return [str(value) for value in (each if isinstance(each, tuple) else get_args(each))]


def _remarks(kind: type) -> dict[str, str]:
    """What stands in ``#:`` comments above the fields, of the bases too."""
    found: dict[str, str] = {}
    module = inspect.getsourcefile(sys.modules[kind.__module__])
    assert module is not None
    lines = Path(module).read_text().splitlines()
    classes = {node.name: node for node in ast.parse("\n".join(lines)).body if isinstance(node, ast.ClassDef)}
    waiting = [kind.__name__]
    while waiting:
        node = classes[waiting.pop()]
        waiting += [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in classes]
        for part in node.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                above = lines[part.lineno - 2].strip()
                if above.startswith("#:"):
                    found[part.target.id] = above.removeprefix("#:").strip().replace("None ", "null ").rstrip(".")
    return found


if __name__ == "__main__":
    FILE.write_text(file_text())

"""What is installed is what was written down: two installs a month apart are the same."""

import json
import re
from importlib.metadata import distribution, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "app/constraints.txt"


def pinned() -> dict[str, str]:
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def needed() -> set[str]:
    """Everything that the program and its tests bring along here, by name."""
    found: set[str] = set()
    waiting = [(text, "test") for text in requires("apicscope") or ()]
    while waiting:
        text, extra = waiting.pop()
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if name not in found:
            found.add(name)
            extras = requirement.extras or {""}
            waiting += [(each, one) for each in requires(name) or () for one in extras]
    return found


def test_everything_that_is_needed_is_pinned_to_what_is_here() -> None:
    versions = pinned()

    assert needed() - versions.keys() == set()
    assert {name: distribution(name).version for name in needed()} == {name: versions[name] for name in needed()}


def test_pins_are_releases_that_the_project_allows() -> None:
    versions = pinned()
    for text in requires("apicscope") or ():
        requirement = Requirement(text)
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier, text


def test_readme_installs_by_them() -> None:
    commands = [line for line in (ROOT / "README.md").read_text().splitlines() if "pip install" in line]

    assert len(commands) == 2
    assert all("pip install -q -c app/constraints.txt " in command for command in commands)


def test_neither_list_names_an_index() -> None:
    lock = json.loads((ROOT / "tests/js/package-lock.json").read_text())

    assert "://" not in CONSTRAINTS.read_text()
    assert (
        lock["packages"][""]["devDependencies"]
        == json.loads((ROOT / "tests/js/package.json").read_text())["devDependencies"]
    )
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert all(re.match("sha512-", package["integrity"]) for name, package in lock["packages"].items() if name)

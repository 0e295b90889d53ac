"""Set-up that every test shares."""

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import pytest
from hypothesis import settings

# How hard properties are tried; HYPOTHESIS_PROFILE chooses. A failure prints a blob that repeats it anywhere.
# No deadline: a loaded machine is not a wrong program; pytest's timeout catches what hangs.
settings.register_profile("dev", max_examples=25, stateful_step_count=30, deadline=None, print_blob=True)
# Whoever waits for an answer tries a few.
settings.register_profile("quick", settings.get_profile("dev"), max_examples=8, stateful_step_count=20)
# Derandomized: a run that turns red does so because of the change, not of the day.
settings.register_profile("ci", settings.get_profile("dev"), max_examples=100, derandomize=True)
settings.register_profile("long", settings.get_profile("dev"), max_examples=3000, stateful_step_count=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# No server that a test starts shall touch what the user keeps.
_KEPT = TemporaryDirectory(prefix="apicscope-tests-")
os.environ["XDG_DATA_HOME"] = _KEPT.name

#: What tests/check.py --fast asks for.
QUICK = "not e2e and not slow"
_NONE_IS_QUICK = re.compile(r"^pytestmark = .*\bmark\.(?:e2e|slow)\b", re.MULTILINE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--share", default="1/1", help="2/3: every third file, from the second on")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out other shares' files; and in the quick run those without a quick test, which need no import there."""
    if not collection_path.name.startswith("test_"):
        return None
    share, shares = map(int, config.getoption("share").split("/"))
    if crc32(collection_path.relative_to(config.rootpath).as_posix().encode()) % shares != share - 1:
        return True
    quick = config.option.markexpr == QUICK
    return True if quick and _NONE_IS_QUICK.search(collection_path.read_text()) else None


def pytest_pycollect_makeitem(collector: pytest.Collector, obj: object) -> list[pytest.Item] | None:
    """Makes no cases of a slow test that the quick run would only leave out again."""
    marks: list[pytest.Mark] = getattr(obj, "pytestmark", []) if callable(obj) else []
    quick = collector.config.option.markexpr == QUICK
    return [] if quick and any(mark.name == "slow" for mark in marks) else None


@pytest.hookimpl(tryfirst=True)  # before those that nobody asked for are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that talks to a server of its own process is slow, whichever file it stands in."""
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)

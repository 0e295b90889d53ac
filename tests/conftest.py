"""Set-up that every test shares."""

import os
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

# How hard properties are tried; HYPOTHESIS_PROFILE chooses. A failure prints a blob that repeats it anywhere.
# No deadline: a loaded machine is not a wrong program; pytest's timeout catches what hangs.
settings.register_profile("dev", max_examples=25, stateful_step_count=30, deadline=None, print_blob=True)
# Derandomized: a run that turns red does so because of the change, not of the day.
settings.register_profile("ci", settings.get_profile("dev"), max_examples=100, derandomize=True)
settings.register_profile("long", settings.get_profile("dev"), max_examples=3000, stateful_step_count=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# No server that a test starts shall touch what the user keeps.
_KEPT = TemporaryDirectory(prefix="apicscope-tests-")
os.environ["XDG_DATA_HOME"] = _KEPT.name


@pytest.hookimpl(tryfirst=True)  # before those that nobody asked for are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that talks to a server of its own process is slow, whichever file it stands in."""
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)

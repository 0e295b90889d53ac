"""A server that is killed has lost nothing that it had acknowledged."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from app.history.store import Store
from tests.history import crashing_child
from tests.history.records import a_command

#: How often the process is killed.
KILLS = int(os.environ.get("APICSCOPE_KILLS", "10"))
#: How often one data directory is used, each process going on behind what the one before it kept.
LIVES = 5
MOST_SECONDS = 0.3


def killed(directory: Path, seconds: float) -> int:
    """How many commands a child has acknowledged, all in all, when it is killed *seconds* after its first."""
    command = [sys.executable, crashing_child.__file__, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        first = child.stdout.readline()  # it has begun
        time.sleep(seconds)
        child.send_signal(signal.SIGKILL)
        lines = [first, *child.stdout.readlines()]
    assert child.returncode == -signal.SIGKILL
    return int(lines[-1]) + 1


@pytest.mark.slow
@pytest.mark.timeout(60 + 5 * KILLS)
def test_no_acknowledged_command_is_missing_after_being_killed_at_any_moment(tmp_path: Path) -> None:
    chance = Random()
    for number in range(KILLS):
        directory = tmp_path / f"life {number // LIVES}"
        acknowledged = killed(directory, chance.uniform(0, MOST_SECONDS))

        with Store(directory) as store:
            present = store.commands("ABC234", 0).result()
            assert store.condition == store.condition._replace(state="open", missing="", set_aside=())
        assert len(present) >= acknowledged
        assert present == tuple(a_command(number) for number in range(len(present)))
        assert store.condition.state == "closed"

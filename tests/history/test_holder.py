"""A data directory has one server at a time, and says which."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.history.store import Store
from app.history.store_errors import Held
from tests.history import crashing_child
from tests.history.records import a_session, kept


def test_second_server_is_told_who_has_the_directory(store: Store, tmp_path: Path) -> None:
    with pytest.raises(Held) as refused:
        Store(tmp_path)

    holder = refused.value.holder
    assert holder is not None
    assert (holder.pid, holder.host) == (os.getpid(), socket.gethostname())
    assert str(refused.value) == f"the data directory {tmp_path} is held by {holder}"
    assert f"process {os.getpid()} on {socket.gethostname()} since 20" in str(refused.value)
    kept(store, a_session())  # the first has not been disturbed


def test_other_process_is_named_and_its_death_lets_the_next_in(tmp_path: Path) -> None:
    command = [sys.executable, crashing_child.__file__, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(Held, match=f"process {child.pid} on "):
            Store(tmp_path)
        child.send_signal(signal.SIGKILL)

    with Store(tmp_path) as store:
        assert store.condition.state == "open"


def test_closing_lets_the_next_in(tmp_path: Path) -> None:
    Store(tmp_path).close()
    Store(tmp_path).close()


def test_lock_that_says_nothing_is_still_a_lock(store: Store, tmp_path: Path) -> None:
    (tmp_path / "apicscope.lock").write_text('{"pid": ')

    with pytest.raises(Held, match="is held by another process"):
        Store(tmp_path)

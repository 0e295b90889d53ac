"""``apicscope run`` does a journal again and says where it came to, or what is wrong with the journal, and where."""

import json
from pathlib import Path

import pytest

from app.commands.guest import CallGuest
from app.engine.simulation import Simulation
from app.history.journal_text import journal_of, write_journal
from app.history.record import hash_of_tick, state
from app.history.timeline import Timeline
from tests.cli.commands import apicscope

pytestmark = pytest.mark.slow


def session() -> Timeline:
    timeline = Timeline(Simulation(3, "vmi"))
    for cpu in range(3):
        timeline.apply(CallGuest(cpu, "smp_call_function"))
        timeline.run(operations=30)
    timeline.run(until=timeline.moment.time + 50_000)
    return timeline


def written(folder: Path, text: str) -> Path:
    path = folder / "session.jsonl"
    path.write_text(text)
    return path


def test_a_journal_leads_to_the_state_that_its_session_had(tmp_path: Path) -> None:
    timeline = session()
    state_hash = hash_of_tick(state(timeline.simulation))
    path = written(tmp_path, write_journal(journal_of(timeline, "1", state_hash=state_hash)))

    done, shown = apicscope("run", path, "--json"), apicscope("run", path)

    assert (done.returncode, done.stderr, shown.returncode, shown.stderr) == (0, "", 0, "")
    assert json.loads(done.stdout) == {
        "tick": timeline.head.tick,
        "time": timeline.head.time,
        "counters": timeline.simulation.counters.as_dict(),
        "hash": state_hash,
        "recorded_hash": state_hash,
    }
    first, counters, last = shown.stdout.splitlines()
    assert first == f"tick {timeline.head.tick:,} at {timeline.head.time:,} cycles, under vmi"
    assert counters.startswith("ipis_sent ")
    assert last == f"hash {state_hash}"


def test_another_state_than_the_journal_says_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, write_journal(journal_of(session(), "0.1", state_hash="abc")))

    done = apicscope("run", path)

    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("The journal says abc: another version of apicscope")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("vmi", "lguest"), "line 1: backend is lguest; there are "),
        (('"tick": 0', '"tick": "x"'), 'line 2: tick is "x", and must be a whole number'),
        (("smp_call_function", "smp_boot"), "line 2: command: function: "),
        (('"head": {"tick": ', '"head": {"tick": 9'), "it goes another way from tick "),
    ],
)
def test_what_is_wrong_with_a_journal_is_said_in_one_line(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    path = written(tmp_path, write_journal(journal_of(session(), "1")).replace(*change))

    done = apicscope("run", path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"apicscope: {path}: {words}")
    assert len(done.stderr.splitlines()) == 1


def test_what_is_no_file_or_no_text_is_refused(tmp_path: Path) -> None:
    bytes_alone = tmp_path / "bytes"
    bytes_alone.write_bytes(b"\xff\xfe")

    missing, unreadable = apicscope("run", tmp_path / "missing"), apicscope("run", bytes_alone)

    assert (missing.returncode, unreadable.returncode) == (2, 2)
    assert missing.stderr.endswith("missing: No such file or directory\n")
    assert unreadable.stderr.endswith("bytes: is no text in UTF-8\n")

"""``apicscope run``: a session's journal, done again to its end."""

import argparse
import json
from pathlib import Path

from app.cli.printed import say_unusable
from app.cli.progress import Progress
from app.engine.simulation import Simulation
from app.history.journal_text import InvalidJournal, Journal, read_journal
from app.history.record import hash_of_tick, state
from app.history.units import Diverged, do_again, go_to

_DONE, _UNUSABLE = 0, 2


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declares the command's arguments."""
    parser = subparsers.add_parser(
        "run",
        help="do a session's journal again",
        description="Does every command of a session's journal again, each at its moment, and says what came of it. "
        "Exit status: 0 done, 2 unusable input.",
    )
    parser.add_argument("journal", metavar="JOURNAL", help="a journal as a session gives it, JSON lines")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the journal. 0 when it has come to its head, 2 when it is unusable."""
    progress = Progress()
    try:
        journal = read_journal(Path(arguments.journal).read_text(encoding="utf-8"))
        simulation = _done_again(journal, progress)
    except (InvalidJournal, Diverged, UnicodeDecodeError, OSError) as error:
        progress.clear()
        say_unusable(f"{arguments.journal}: {_reason(error)}")
        return _UNUSABLE
    progress.clear()
    state_hash = hash_of_tick(state(simulation))
    if arguments.json:
        counters = simulation.counters.as_dict()
        told = {"tick": simulation.ticks, "time": simulation.time, "counters": counters, "hash": state_hash}
        print(json.dumps(told | {"recorded_hash": journal.hash}, indent=1))
    else:
        print(_words(simulation, state_hash, journal.hash))
    return _DONE


def _done_again(journal: Journal, progress: Progress) -> Simulation:
    simulation = Simulation(*journal.beginning)
    for entry in journal.entries:
        progress.show("running", entry.tick, journal.head.tick)
        do_again(simulation, entry)
    go_to(simulation, journal.head)
    return simulation


def _words(simulation: Simulation, state_hash: str, recorded: str | None) -> str:
    counters = simulation.counters.as_dict().items()
    same = recorded in (None, state_hash)
    return "\n".join(
        [
            f"tick {simulation.ticks:,} at {simulation.time:,} cycles, under {simulation.backend}",
            ", ".join(f"{name} {number:,}" for name, number in counters),
            f"hash {state_hash}",
            *(
                []
                if same
                else [f"The journal says {recorded}: another version of apicscope has come to another state."]
            ),
        ]
    )


def _reason(error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            return "is no text in UTF-8"
        case OSError() if error.strerror:
            return error.strerror
        case _:
            return str(error)

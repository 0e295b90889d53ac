"""A simulation as a plain record, and back: nothing but lists, dicts, numbers, texts, truth values and None.

The order in which things wait, for their time, for a word or for their CPU, is state: it is the order of the record's
lists. Not in it: what was asked and said so far (journal, log), and whoever watches.
"""

import json
import zlib
from collections.abc import Collection
from hashlib import sha256
from typing import Any

from app.commands.demonstration import Demonstration
from app.costs.reference import cost_sheet_of, reference_of
from app.engine.codec import Decoder, NotRecordable, Plain, encode, encode_all, state_of
from app.engine.due import Flight
from app.engine.endings import Ending
from app.engine.event_queue import Priority
from app.engine.frames import rebuild
from app.engine.journal import Beginning
from app.engine.machine_record import CLOCK_PLACE, machine_state, restore_machine
from app.engine.processor import Processor
from app.engine.simulation import Simulation
from app.guest.apic_ops import KernelState
from app.guest.memory import Word
from app.history.versions import VERSION, OtherVersion, fingerprint
from app.hw.messages import BusMessage
from app.hw.profile import PROFILES

Record = dict[str, Any]
#: Of which program a record is, not of which state.
_STAMP = ("version", "fingerprint")


# From a simulation


def state(simulation: Simulation) -> Record:
    """*simulation* as it stands between two ticks. NotRecordable when something is under way, or priced by a sheet,
    that no record can name."""
    machine, execution = simulation.machine, simulation.execution
    assert not machine.outbox, "in the middle of a tick"
    return {
        "version": VERSION,
        "fingerprint": fingerprint(),
        "profile": machine.profile.name,
        "generation": simulation.generation,
        "sheet": _sheet_reference(simulation),
        "backend": encode(execution.backend),
        "following": encode(execution.following),
        "ticks": simulation.ticks,
        "happened": simulation.happened,
        "endings": [[encode(ending.event), ending.times, ending.fresh] for ending in simulation.endings],
        "counters": state_of(simulation.counters),
        "demonstration": state_of(simulation.demonstration) if simulation.demonstration else None,
        "machine": machine_state(machine),
        "in_flight": [encode_all(flight) for flight in simulation.in_flight.values()],
        "alarm": encode(simulation.queue.alarm),
        "queue": [[time, int(priority), _due(due)] for time, priority, due in simulation.queue.entries()],
        "memory": _memory(execution.kernel, execution.effects.waiting),
        "waiting": sorted(
            [encode(word), [processor.cpu.number for processor in waiting]]
            for word, waiting in execution.effects.waiting.items()
        ),
        "processors": [state_of(processor) for processor in simulation.processors],
    }


def _sheet_reference(simulation: Simulation) -> str:
    try:
        return reference_of(simulation.sheet)
    except KeyError as unknown:
        raise NotRecordable(str(unknown)) from unknown


def _due(due: Processor | BusMessage) -> int:
    """The number of the CPU, or of the message, which is in flight."""
    return due.cpu.number if isinstance(due, Processor) else due.number


def _memory(kernel: KernelState, awaited: Collection[Word]) -> dict[str, Plain]:
    """Words that are not as they were at first, requests that are under way, and the queues that are not empty."""
    untouched = [0, 0, None]
    words = [[word.address, *told] for word in kernel.words() if (told := state_of(word)) != untouched]
    requests = [
        [source, target, request.next, *state_of(request.lock)]
        for source, data in enumerate(kernel.cfd_data)
        for target, request in data.under_way(awaited)
    ]
    queues = [
        [cpu, [request.source for request in queue.requests]]
        for cpu, queue in enumerate(kernel.call_single_queues)
        if queue.requests
    ]
    return {"words": words, "requests": requests, "queues": queues}


# And back


def from_state(record: Record, into: Simulation | None = None) -> Simulation:
    """The simulation that *record* is of, with an empty journal and log. *into* is a simulation of the same machine,
    which becomes that one, in half the time. OtherVersion for a record that another program made, Elsewhere when
    guest or host code has changed all the same, ValueError when *into* is of another machine."""
    if record.get("version") != VERSION or record.get("fingerprint") != fingerprint():
        raise OtherVersion("this record was made by another version of apicscope")
    simulation = _fresh(record) if into is None else into
    machine, execution = simulation.machine, simulation.execution
    if (machine.profile.name, simulation.generation, len(machine.cpus)) != _machine_of(record):
        raise ValueError("a record of another machine")
    decoder = Decoder(execution.kernel)
    _restore_setting(simulation, record, decoder)
    restore_machine(machine, record["machine"], decoder)
    execution.programs.forget()  # they name requests in memory that are made anew
    _restore_memory(execution.kernel, record["memory"], decoder)
    for processor, told in zip(simulation.processors, record["processors"], strict=True):
        decoder.restore(processor, told)
        for frame in processor.frames:
            rebuild(frame, processor.cpu, execution.context(processor, frame.backend))
    processors = simulation.processors
    execution.effects.waiting = {
        decoder.decode(word): [processors[number] for number in numbers] for word, numbers in record["waiting"]
    }
    _restore_queue(simulation, record, decoder)
    return simulation


def _machine_of(record: Record) -> tuple[str, str, int]:
    return record["profile"], record["generation"], len(record["machine"]["cpus"])


def _fresh(record: Record) -> Simulation:
    profile, generation, cpus = _machine_of(record)
    backend, sheet = record["backend"]["Backend"][0].removeprefix("="), cost_sheet_of(record["sheet"])
    return Simulation(*Beginning(cpus, backend, sheet, PROFILES[profile], generation), boot=False)


def _restore_setting(simulation: Simulation, record: Record, decoder: Decoder) -> None:
    """Everything but the machine, what each CPU does, what is due and what memory holds."""
    execution = simulation.execution
    execution.backend, execution.following = decoder.decode(record["backend"]), decoder.decode(record["following"])
    endings = [Ending(decoder.decode(event), *told) for event, *told in record["endings"]]
    simulation.stand_at(record["ticks"], record["happened"], endings, cost_sheet_of(record["sheet"]))
    decoder.restore(execution.counters, record["counters"])
    execution.tell_from_here()
    simulation.demonstration = None
    if record["demonstration"] is not None:
        simulation.demonstration = Demonstration()
        decoder.restore(simulation.demonstration, record["demonstration"])


def _restore_memory(kernel: KernelState, record: dict[str, Plain], decoder: Decoder) -> None:
    for word in kernel.words():
        word.prepare(0)
    for data in kernel.cfd_data:
        data.forget()
    for address, *told in record["words"]:
        decoder.restore(decoder.at(address), told)
    for source, target, following, *told in record["requests"]:
        request = kernel.cfd_data[source].request_to(target)
        request.next = following
        decoder.restore(request.lock, told)
    for queue in kernel.call_single_queues:
        queue.requests = []
    for cpu, sources in record["queues"]:
        kernel.call_single_queues[cpu].requests = [kernel.cfd_data[source].request_to(cpu) for source in sources]


def _restore_queue(simulation: Simulation, record: Record, decoder: Decoder) -> None:
    flights = [Flight(*map(decoder.decode, flight)) for flight in record["in_flight"]]
    simulation.in_flight = {flight.message.number: flight for flight in flights}
    simulation.queue.refill(
        (
            (
                decoder.decode(time),
                Priority(priority),
                simulation.processors[number]
                if priority == Priority.PROCESSOR
                else simulation.in_flight[number].message,
            )
            for time, priority, number in record["queue"]
        ),
        decoder.decode(record["alarm"]),
    )


# A record as bytes, and as one number


def packed(record: Record) -> bytes:
    """*record* in few bytes."""
    return zlib.compress(json.dumps(record, separators=(",", ":")).encode(), level=1)


def unpacked(pack: bytes) -> Record:
    """The record that was packed so. ValueError for other bytes."""
    try:
        record: Record = json.loads(zlib.decompress(pack))
    except zlib.error as broken:
        raise ValueError("no packed record") from broken
    return record


def hash_of(record: Record) -> str:
    """A number in hexadecimal digits that is equal when the states are, whoever wrote them down and however the run up
    to there was cut."""
    return _hashed({name: value for name, value in record.items() if name not in _STAMP})


def hash_of_tick(record: Record) -> str:
    """As hash_of, but for where the clock stands: between two ticks it goes on, and nothing comes of that before the
    next. So each tick of a run has one such number."""
    machine = record["machine"]
    common = [part for place, part in enumerate(machine["common"]) if place != CLOCK_PLACE]
    told = {name: value for name, value in record.items() if name not in _STAMP}
    return _hashed(told | {"machine": machine | {"common": common}})


def _hashed(told: dict[str, Any]) -> str:
    return sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

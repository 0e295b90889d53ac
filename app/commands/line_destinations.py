"""To whom an IPI goes, as a line says it: CPUs by their numbers, a shorthand, or the destination itself; and how the
numbers become what is written into ICR."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.commands.line import Completion, Misread, Part, Surroundings, Values
from app.commands.line_parts import SELECTED, Hexadecimal, cpus_words, some_cpus
from app.hw.destination import Address, address_of
from app.x86.icr import X2APIC_DESTINATION

#: The shorthands, by their words, with what they mean.
_SHORTHANDS = {
    "all": ("all_including_self", "every CPU, by shorthand"),
    "others": ("all_excluding_self", "every CPU but the sender, by shorthand"),
    "self": ("self", "the sender itself, by shorthand"),
}
#: What stands before a destination that is written as it is.
_RAW = {"l": "logical", "p": "physical"}
_NUMBER = Hexadecimal("HEX", "", ("destination",), highest=X2APIC_DESTINATION.highest)
_WAYS_OUT = "one line for each, all or others"


@dataclass(frozen=True, slots=True)
class Destination(Part):
    """``2``, ``0-3,7``, ``all``, ``others``, ``self``, ``l:03``, ``p:ff``."""

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        if text.lower() in _SHORTHANDS:
            return {"shorthand": _SHORTHANDS[text.lower()][0]}
        prefix, colon, number = text.partition(":")
        if colon and prefix.lower() in _RAW:
            mode = {"destination_mode": _RAW[prefix.lower()]}
            return mode | _NUMBER.read(number, read, among)
        try:
            return {"to": some_cpus(text, among)}
        except Misread as misread:
            if text[:1].isdigit() or text[:1] == SELECTED:
                raise
            known = ", ".join(_SHORTHANDS)
            raise Misread(f"{text!r} names nobody: write 2, 0-3,7, {known}, l:03 or p:02") from misread

    def write(self, values: Values, among: Surroundings | None) -> str:
        return str(values["to"])

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        for word, (_, says) in _SHORTHANDS.items():
            yield Completion(word, says)
        for cpu in range(among.cpu_count):
            apic_id = among.machine.cpus[cpu].apic.apic_id
            yield Completion(str(cpu), f"CPU {cpu}, APIC ID {apic_id:#04x}", spelled=cpu >= 16)
        yield Completion("l:", "a logical destination, hexadecimal", spelled=True)
        yield Completion("p:", "an APIC ID, hexadecimal", spelled=True)


def _none(says: str) -> Misread:
    return Misread(says, of_field="destination")


def destination_for(cpus: Sequence[int], mode: str | None, addresses: Sequence[Address]) -> tuple[str, int]:
    """The destination mode and the destination that name these CPUs: by APIC ID where it is one CPU and nothing else is
    asked for. Misread where no single destination names them."""
    if len(cpus) == 1 and mode != "logical":
        return "physical", addresses[cpus[0]].physical
    if mode == "physical":
        raise _none(f"a physical destination is one APIC ID: {_WAYS_OUT}")
    first = addresses[cpus[0]]
    destination = 0
    for cpu in cpus:
        address = addresses[cpu]
        if not address.logical & ~address.group:
            raise _none(f"CPU {cpu} has no logical ID: {_WAYS_OUT}")
        if address.group != first.group or (address.logical ^ first.logical) & first.group:
            says = f"no logical destination names both CPU {cpus[0]} and CPU {cpu}, of different clusters: {_WAYS_OUT}"
            raise _none(says)
        destination |= address.logical
    return "logical", destination


def cpus_of(mode: str, destination: int, addresses: Sequence[Address]) -> list[int] | None:
    """The CPUs by whose numbers a line can name that destination; None where it has to write the destination itself."""
    if mode == "physical":
        cpus = [cpu for cpu, address in enumerate(addresses) if address.physical == destination]
        return cpus if len(cpus) == 1 else None
    cpus = [
        cpu
        for cpu, address in enumerate(addresses)
        if address.logical & ~address.group
        and not (address.logical ^ destination) & address.group
        and not address.logical & ~destination
    ]
    try:
        return cpus if cpus and destination_for(cpus, mode, addresses) == (mode, destination) else None
    except Misread:
        return None


def join_destination(values: Values, among: Surroundings) -> Values:
    """CPUs by their numbers become a destination."""
    if "to" not in values:
        return values
    addresses = [address_of(cpu.apic) for cpu in among.machine.cpus]
    mode, destination = destination_for(values["to"], values.get("destination_mode"), addresses)
    others = {name: value for name, value in values.items() if name != "to"}
    return others | {"destination_mode": mode, "destination": destination}


def split_destination(values: Values, among: Surroundings | None) -> Values:
    """The reverse: by the numbers where that is the same, or else the destination itself. The mode stays where another
    word has to say it; so does a destination beside a shorthand, which does not count."""
    mode, destination = values["destination_mode"], values["destination"]
    if values["shorthand"] != "none":
        word = next(word for word, (shorthand, _) in _SHORTHANDS.items() if shorthand == values["shorthand"])
        spoken = mode if mode == "logical" else None
        return values | {"to": word, "destination_mode": spoken, "destination": destination or None}
    addresses = [] if among is None else [address_of(cpu.apic) for cpu in among.machine.cpus]
    cpus = cpus_of(mode, destination, addresses)
    to = f"{mode[0]}:{destination:02x}" if cpus is None else cpus_words(cpus)
    spoken = mode if mode == "logical" and cpus is not None and len(cpus) == 1 else None
    return values | {"to": to, "destination_mode": spoken, "destination": None}

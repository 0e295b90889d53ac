"""What a guest function is called with, as a line says it: the targets, then the vector, as far as the function takes
them; whatever else a request may give stands behind its name."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.commands.line import Completion, Misread, Part, Surroundings, Values
from app.commands.line_parts import VectorNumber, cpus_words, none_of, some_cpus
from app.guest.functions import Argument
from app.guest.generations import GUEST_FUNCTIONS

_ALL, _OTHERS = "all", "others"


@dataclass(frozen=True, slots=True)
class GuestFunctionName(Part):
    """A function of the kernel by its name."""

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        if text not in GUEST_FUNCTIONS:
            raise Misread(none_of(text, among.functions))
        return {"function": text}

    def write(self, values: Values, among: Surroundings | None) -> str:
        return str(values["function"])

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        for name in among.functions:
            yield Completion(name, GUEST_FUNCTIONS[name].sentence)


def _takes(values: Values) -> tuple[Argument, ...]:
    return GUEST_FUNCTIONS[values["function"]].arguments


@dataclass(frozen=True, slots=True)
class CpuSet(Part):
    """CPUs as JSON lists them."""

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        if text == _ALL:
            return {self.fields[0]: list(range(among.cpu_count))}
        if text == _OTHERS:
            return {self.fields[0]: [cpu for cpu in range(among.cpu_count) if cpu != read["cpu"]]}
        return {self.fields[0]: some_cpus(text, among)}

    def write(self, values: Values, among: Surroundings | None) -> str:
        cpus = values.get(self.fields[0])
        return cpus_words(cpus) if cpus else ""

    def choices(self, read: Values, among: Surroundings) -> Iterator[Completion]:
        yield Completion(_OTHERS, "every CPU but the caller")
        yield Completion(_ALL, "every CPU")
        for cpu in range(among.cpu_count):
            yield Completion(str(cpu), f"CPU {cpu}", spelled=cpu >= 16)


@dataclass(frozen=True, slots=True)
class TargetGiven(CpuSet):
    """The targets, of a function that takes any: one CPU, or a set where it takes a mask."""

    def may_follow(self, read: Values) -> bool:
        given = {"to", "vector", "arguments.cpu", "arguments.cpus", "arguments.vector"} & read.keys()
        return not given and bool({Argument.TARGET, Argument.MASK} & {*_takes(read)})

    def read(self, text: str, read: Values, among: Surroundings) -> Values:
        cpus = CpuSet.read(self, text, read, among)["to"]
        if Argument.TARGET in _takes(read) and len(cpus) != 1:
            raise Misread(f"{read['function']} takes one CPU, not {text!r}", meant=True)
        return {"to": cpus}


@dataclass(frozen=True, slots=True)
class VectorGiven(VectorNumber):
    """The vector, of a function that takes one; behind the targets, where it takes these, too."""

    def may_follow(self, read: Values) -> bool:
        takes = {*_takes(read)}
        targets = "to" in read or not {Argument.TARGET, Argument.MASK} & takes
        return Argument.VECTOR in takes and targets and not {"vector", "arguments.vector"} & read.keys()


def join_call(values: Values, among: Surroundings) -> Values:
    """Targets and vector become the arguments that the function has for them."""
    joined = {name: value for name, value in values.items() if name not in ("to", "vector")}
    if "to" in values and Argument.TARGET in _takes(values):
        joined["arguments.cpu"] = values["to"][0]
    elif "to" in values:
        joined["arguments.cpus"] = values["to"]
    if "vector" in values:
        joined["arguments.vector"] = values["vector"]
    return joined


def split_call(values: Values, among: Surroundings | None) -> Values:
    """The reverse: plainly where the function takes it so, or else behind its name."""
    split, takes = dict(values), _takes(values)
    mask = split.pop("arguments.mask", None)
    if mask is not None:
        split["arguments.cpus"] = [cpu for cpu in range(mask.bit_length()) if mask >> cpu & 1]
    if Argument.TARGET in takes and "arguments.cpu" in split and mask is None:
        split["to"] = [split.pop("arguments.cpu")]
    elif Argument.MASK in takes and mask is not None and "arguments.cpu" not in split:
        split["to"] = split.pop("arguments.cpus")
    plain = "to" in split or not {Argument.TARGET, Argument.MASK} & {*takes}
    if Argument.VECTOR in takes and plain and "arguments.vector" in split:
        split["vector"] = split.pop("arguments.vector")
    return split

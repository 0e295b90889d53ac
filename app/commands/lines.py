"""What devices and wires do: pins of the I/O APIC, lines of the 8259, LINT, local sources, interrupt messages.

All of it goes past the guest: at once and free of cost.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from app.commands.command import Circumstances, HardwareCommand, Refusal
from app.commands.field_types import Choice, CpuNumber, OneOf, Pin, Whole, Word32, Word64
from app.commands.line import Line, Surroundings, Values
from app.commands.line_parts import Decimal, Exactly, Hexadecimal, OneCpu, PinNumber, words
from app.engine.performable import Result
from app.engine.simulation import Simulation
from app.hw.legacy_pic import DEVICE_LINES
from app.x86.redirection import MASKED, PIN_COUNT
from app.x86.register_map import REGISTERS
from app.x86.registers import Register
from app.x86.words import level_words, register_words

#: The LVT entries that fire when a person says so, by the names of their sources.
LOCAL_SOURCES = {
    "thermal": Register.LVT_THERMAL,
    "performance": Register.LVT_PERFORMANCE,
    "cmci": Register.LVT_CMCI,
}


_UP, _DOWN = Exactly("up", "raises it"), Exactly("down", "lowers it")
_OF_CPU = OneCpu("CPU", "the CPU", ("cpu",))
_LINT = Decimal("0|1", "LINT0 or LINT1", ("pin",), highest=1)
_LEGACY_LINE = Decimal("LINE", "a line of the 8259, 0 to 15 without 2", ("line",), highest=15)
_PIN = PinNumber("PIN", f"a pin of the I/O APIC, 0 to {PIN_COUNT - 1}", ("pin",))


@dataclass(frozen=True, slots=True)
class _Lint(HardwareCommand):
    level: ClassVar[int]

    cpu: CpuNumber
    #: 0 is LINT0, 1 is LINT1.
    pin: Annotated[int, Whole(0, 1)]

    @property
    def words(self) -> str:
        return f"something {'raises' if self.level else 'lowers'} LINT{self.pin} of CPU {self.cpu}"

    def perform(self, simulation: Simulation) -> None:
        simulation.machine.drive_lint(self.cpu, self.pin, self.level)
        simulation.wake(self.cpu)

    def done_words(self, circumstances: Circumstances) -> str:
        return f"CPU {self.cpu}: LINT{self.pin} is {level_words(self.level)}."


class RaiseLint(_Lint):
    """Something raises LINT0 (*pin* 0) or LINT1 (1) of a CPU."""

    __slots__ = ()

    kind = "raise_lint"
    description = "Something raises LINT0 (pin 0) or LINT1 (pin 1) of a CPU."
    lines: ClassVar[tuple[Line, ...]] = (Line("lint", (_OF_CPU, _LINT, _UP), example="lint 0 1 up"),)
    level = 1


class LowerLint(_Lint):
    """Something lowers LINT0 or LINT1 of a CPU."""

    __slots__ = ()

    kind = "lower_lint"
    description = "Something lowers it."
    lines: ClassVar[tuple[Line, ...]] = (Line("lint", (_OF_CPU, _LINT, _DOWN), example="lint 0 1 down"),)
    level = 0


@dataclass(frozen=True, slots=True)
class FireLocalSource(HardwareCommand):
    """The source of an LVT entry fires: thermal sensor, performance counters, corrected machine checks."""

    kind = "fire_local_source"
    description = "The source of an LVT entry fires once: thermal, performance or (where there is one) cmci."
    lines: ClassVar[tuple[Line, ...]] = (
        Line(
            "fire",
            (
                _OF_CPU,
                words(
                    "source",
                    "SOURCE",
                    ", ".join(LOCAL_SOURCES),
                    **{name: (name, REGISTERS[register].title) for name, register in LOCAL_SOURCES.items()},
                ),
            ),
            example="fire 0 thermal",
        ),
    )

    cpu: CpuNumber
    #: The LVT entry whose source it is.
    source: Annotated[
        Register,
        Choice(LOCAL_SOURCES),
    ]

    @property
    def words(self) -> str:
        return f"the source of {register_words(self.source)} of CPU {self.cpu} fires"

    def refusal(self, simulation: Simulation) -> Refusal | None:
        if self.source not in simulation.machine.cpus[self.cpu].apic.lvt:
            profile = simulation.machine.profile.name
            return Refusal(f"An APIC of profile {profile} has no {self.source.name} entry")
        return HardwareCommand.refusal(self, simulation)

    def perform(self, simulation: Simulation) -> None:
        simulation.machine.fire_local(self.cpu, self.source)
        simulation.wake(self.cpu)

    def done_words(self, circumstances: Circumstances) -> str:
        return f"CPU {self.cpu}: the source of {register_words(self.source)} has fired."


@dataclass(frozen=True, slots=True)
class _LegacyLine(HardwareCommand):
    level: ClassVar[int]

    line: Annotated[int, OneOf(DEVICE_LINES)]

    @property
    def words(self) -> str:
        return f"a device {'raises' if self.level else 'lowers'} line {self.line} of the 8259"

    def perform(self, simulation: Simulation) -> None:
        simulation.machine.drive_legacy_line(self.line, self.level)
        simulation.wake(0)  # whose LINT0 the 8259's output is

    def done_words(self, circumstances: Circumstances) -> str:
        return f"Line {self.line} of the 8259 is {level_words(self.level)}."


class RaiseLegacyLine(_LegacyLine):
    """A device raises a line of the 8259."""

    __slots__ = ()

    kind = "raise_legacy_line"
    description = "A device raises a line of the 8259."
    lines: ClassVar[tuple[Line, ...]] = (Line("pic", (_LEGACY_LINE, _UP), example="pic 1 up"),)
    level = 1


class LowerLegacyLine(_LegacyLine):
    """A device lowers a line of the 8259."""

    __slots__ = ()

    kind = "lower_legacy_line"
    description = "A device lowers it."
    lines: ClassVar[tuple[Line, ...]] = (Line("pic", (_LEGACY_LINE, _DOWN), example="pic 1 down"),)
    level = 0


@dataclass(frozen=True, slots=True)
class _PinLevel(HardwareCommand):
    level: ClassVar[int]

    pin: Pin

    @property
    def words(self) -> str:
        return f"a device {'raises' if self.level else 'lowers'} pin {self.pin}"

    def perform(self, simulation: Simulation) -> None:
        simulation.machine.drive_pin(self.pin, self.level)

    def done_words(self, circumstances: Circumstances) -> str:
        return f"Pin {self.pin} is {level_words(self.level)}."


class RaisePin(_PinLevel):
    """A device raises an I/O APIC input."""

    __slots__ = ()

    kind = "raise_pin"
    description = "A device raises an I/O APIC input."
    lines: ClassVar[tuple[Line, ...]] = (Line("pin", (_PIN, _UP), example="pin 16 up"),)
    level = 1


class LowerPin(_PinLevel):
    """A device lowers an I/O APIC input."""

    __slots__ = ()

    kind = "lower_pin"
    description = "A device lowers it."
    lines: ClassVar[tuple[Line, ...]] = (Line("pin", (_PIN, _DOWN), example="pin 16 down"),)
    level = 0


def _join_mask(values: Values, among: Surroundings) -> Values:
    """The pin's entry as it is, with the mask bit set or clear."""
    entry = among.machine.io_apic.entries[values["pin"]]
    return values | {"entry": entry & ~MASKED | values["entry"]}


@dataclass(frozen=True, slots=True)
class ConfigurePin(HardwareCommand):
    """The guest writes a redirection entry (64 bits)."""

    kind = "configure_pin"
    description = "Writes a 64-bit redirection entry."
    lines: ClassVar[tuple[Line, ...]] = (
        Line(
            "entry",
            (_PIN, Hexadecimal("ENTRY", "64 bits, hexadecimal", ("entry",), highest=(1 << 64) - 1)),
            example="entry 16 80b1",
        ),
        Line(
            "mask",
            (_PIN,),
            example="mask 16",
            says="Masks a pin: bit 16 of its entry; the rest of it stays.",
            fixed={"entry": MASKED},
            join=_join_mask,
            is_short=True,
        ),
        Line(
            "unmask",
            (_PIN,),
            example="unmask 16",
            says="Lets a pin through again.",
            fixed={"entry": 0},
            join=_join_mask,
            is_short=True,
        ),
    )

    pin: Pin
    entry: Word64

    @property
    def words(self) -> str:
        return f"the redirection entry of pin {self.pin} is written with {self.entry:#x}"

    def perform(self, simulation: Simulation) -> Result:
        return simulation.machine.write_redirection_entry(self.pin, self.entry)

    def done_words(self, circumstances: Circumstances) -> str:
        return f"Pin {self.pin} has a new redirection entry."


@dataclass(frozen=True, slots=True)
class SendMsi(HardwareCommand):
    """A device writes an interrupt message."""

    kind = "send_msi"
    description = "A device writes an interrupt message."
    lines: ClassVar[tuple[Line, ...]] = (
        Line(
            "msi",
            (
                Hexadecimal("ADDRESS", "fee00000 to feefffff", ("address",), highest=0xFEEF_FFFF, lowest=0xFEE0_0000),
                Hexadecimal("DATA", "hexadecimal", ("data",), highest=0xFFFF_FFFF),
            ),
            example="msi fee01000 41",
        ),
    )

    address: Annotated[int, Whole(0xFEE0_0000, 0xFEEF_FFFF, bits=True)]
    data: Word32

    @property
    def words(self) -> str:
        return f"a device sends {self.data & 0xFF:#04x}"

    def perform(self, simulation: Simulation) -> None:
        simulation.machine.send_msi(self.address, self.data)

    def done_words(self, circumstances: Circumstances) -> str:
        return "The device has written its message."


LineCommand = (
    RaiseLint
    | LowerLint
    | FireLocalSource
    | RaiseLegacyLine
    | LowerLegacyLine
    | RaisePin
    | LowerPin
    | ConfigurePin
    | SendMsi
)

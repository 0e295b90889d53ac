"""Operations for ``BothModels`` drawn at random: few vectors and destinations, so that interrupts meet."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from random import Random

from app.x86.model_specific_registers import APIC_ENABLE, RESET_BASE, X2APIC_ENABLE
from app.x86.registers import Register
from tests.hw.both_models import BothModels, Operation, operation

VECTORS = (0x05, 0x0F, 0x10, 0x31, 0x3F, 0x41, 0x42, 0x51, 0xEF, 0xFE, 0xFF)
PRIORITIES = (0x00, 0x0F, 0x20, 0x31, 0x3F, 0x40, 0x50, 0xEF, 0xF0)
#: Delivery modes as often as they are named: mostly fixed; INIT seldom, since it undoes so much.
DELIVERY_MODES = (*[0] * 24, *[1] * 8, 2, 2, 3, 4, 4, 4, 5, 6, 6, 7)
_LOCAL_MODES = (*[0] * 10, 1, 2, 3, 4, 4, 4, 5, 6, 7, 7)
LVT = (0x320, 0x330, 0x340, 0x350, 0x360, 0x370)
PAGES = (RESET_BASE, 0xFED4_0000)
OFFSETS = range(0, 0x440, 16)
_PINS = (0, 1, 2, 2, 23)
_WRITTEN = (*LVT, *LVT[3:], 0x080, 0x080, 0x0B0, 0x0D0, 0x0E0, 0x0F0, 0x0F0, 0x280, 0x280, 0x310, 0x380, 0x3E0, 0x3F0)
_TIMER = (Register.LVT_TIMER, Register.TIMER_INITIAL_COUNT, Register.TIMER_INITIAL_COUNT, Register.TIMER_DIVIDE)
_INIT, _STARTUP = 0x4500, 0x4610
#: LINT0 level-triggered, LINT1 as Linux has it; LINT0 with the 8259 behind it.
_LEVEL_LINT0, _NMI_LINT1, _EXTINT = 0x8000, 0x400, 0x700

Operations = Iterator[Operation]


class RandomOperations:
    """An endless choice of scenes for *both*, which are one to a few operations each. Looks where something waits."""

    def __init__(self, random: Random, both: BothModels) -> None:
        self._random = random
        self._apics = both.obvious.apics
        self._both = both
        self._clusters = self._chance(40)
        # Few, so that a message often goes where one has gone before.
        self._destinations = [self._destination() for _ in range(5)]
        self._wide_destinations = [self._wide_destination() for _ in range(5)]
        self._last_message = operation("send_msi", RESET_BASE, VECTORS[-1])
        scenes: Sequence[tuple[int, Callable[[], Operations]]] = (
            (28, self._ipi),
            (14, self._register),
            (8, self._read),
            (20, self._take_interrupt),
            (12, self._end_interrupt),
            (8, self._message),
            (8, self._message_again),
            (8, self._entry),
            (14, self._pin),
            (12, self._local_source),
            (10, self._signal),
            (5, self._instruction),
            (2, self._restart),
            (6, self._time),
            (3, self._base),
            (3, self._priority),
            (3, self._wrong_door),
            (12, self._put_right),
        )
        self._scenes = [scene for _, scene in scenes]
        self._weights = list(accumulate(weight for weight, _ in scenes))

    def __iter__(self) -> Operations:
        while True:
            (scene,) = self._random.choices(self._scenes, cum_weights=self._weights)
            yield from scene()

    # Choices

    def _one_of(self, choices: Sequence[int]) -> int:
        return self._random.choice(choices)

    def _chance(self, of_a_hundred: int) -> bool:
        return self._random.randrange(100) < of_a_hundred

    def _bits(self, count: int) -> int:
        return self._random.getrandbits(count)

    def _cpu(self) -> int:
        return self._random.randrange(self._both.cpus)

    def _cpu_where(self, condition: Callable[[int], object]) -> int:
        """A CPU for which *condition* holds, or else any."""
        return self._one_of([cpu for cpu in range(self._both.cpus) if condition(cpu)] or [self._cpu()])

    def _x2apic(self, cpu: int) -> bool:
        return self._apics[cpu].mode == "x2apic"

    def _destination(self) -> int:
        """A physical or a logical one, as the other bits will have it."""
        in_cluster = self._bits(2) << 4 | self._bits(4)
        return self._one_of((self._random.randrange(self._both.cpus + 1), 0xFF, in_cluster, self._bits(8)))

    def _wide_destination(self) -> int:
        """The same for senders in x2APIC mode."""
        return self._one_of((self._destination(), 0xFFFF_FFFF, self._bits(1) << 16 | self._bits(4)))

    # Scenes

    def _ipi(self) -> Operations:
        cpu = self._cpu()
        shorthand = self._one_of((0, 0, 0, 0, 1, 2, 3))
        low = self._one_of(VECTORS) | self._one_of(DELIVERY_MODES) << 8 | self._bits(1) << 11 | shorthand << 18
        low |= self._one_of((0x4000, 0x4000, 0x4000, 0, 0x8000, 0xC000))
        destination = self._one_of(self._wide_destinations if self._x2apic(cpu) else self._destinations)
        if self._x2apic(cpu):
            yield operation("write", cpu, Register.ICR_LOW, self._smudged(destination << 32 | low, 64))
        else:
            yield operation("write", cpu, Register.ICR_HIGH, destination << 24)
            yield operation("write", cpu, Register.ICR_LOW, self._smudged(low, 32))

    def _smudged(self, value: int, width: int) -> int:
        """*value*, now and then with a bit more, which may be a reserved one."""
        return value | 1 << self._random.randrange(width) if self._chance(4) else value

    def _register(self) -> Operations:
        cpu = self._cpu()
        offset = self._one_of(OFFSETS) if self._chance(10) else self._one_of(_WRITTEN)
        width = 64 if self._x2apic(cpu) else 32
        yield operation("write", cpu, offset, self._smudged(self._value(offset), width))
        if offset in (Register.LDR, Register.DFR):
            yield self._last_message  # which may reach others now

    def _value(self, offset: int) -> int:
        """What could be written at *offset*."""
        vector = self._one_of(VECTORS)
        match offset:
            case Register.LVT_TIMER:
                return vector | self._one_of((0, 0, 0, 1)) << 16 | self._one_of((0, 0, 1, 1, 2, 2, 2, 3)) << 17
            case Register.LVT_ERROR:
                return vector | self._one_of((0, 0, 0, 1)) << 16
            case Register.LVT_THERMAL | Register.LVT_PERFORMANCE:
                return vector | self._one_of(_LOCAL_MODES) << 8 | self._one_of((0, 0, 0, 1)) << 16
            case Register.LVT_LINT0 | Register.LVT_LINT1:
                return self._value(Register.LVT_PERFORMANCE) | self._bits(3) << 13
            case Register.TPR:
                return self._one_of(PRIORITIES)
            case Register.SVR:
                return self._one_of((0x100, 0x100, 0x100, 0x100, 0x000, 0x300, 0x1100)) | vector
            case Register.LDR | Register.ICR_HIGH:
                return self._one_of((1 << self._bits(3), self._bits(2) << 4 | self._bits(4), self._bits(8))) << 24
            case Register.DFR:
                return self._one_of((0xFFFF_FFFF, 0xFFFF_FFFF, 0x0FFF_FFFF, 0, self._bits(32)))
            case Register.TIMER_INITIAL_COUNT:
                return self._random.randrange(20)
            case Register.TIMER_DIVIDE:
                return self._one_of((0xB, 0xB, 0x0, self._bits(4)))
            case Register.SELF_IPI:
                return vector
            case _:
                return 0 if self._chance(80) else self._bits(32)

    def _read(self) -> Operations:
        if self._chance(20):
            yield operation("read_page", self._cpu())
        else:
            yield operation("read", self._cpu(), self._one_of(OFFSETS))

    def _take_interrupt(self) -> Operations:
        """Now and then where there is none to take: a spurious one."""
        cpu = self._cpu_where(lambda cpu: self._apics[cpu].deliverable() is not None)
        yield operation("take_interrupt", cpu)

    def _end_interrupt(self) -> Operations:
        cpu = self._cpu_where(lambda cpu: self._apics[cpu].isr)
        yield operation("write", cpu, Register.EOI, 0)

    def _message(self) -> Operations:
        address = RESET_BASE | self._one_of(self._destinations) << 12 | self._bits(2) << 2
        data = self._one_of(VECTORS) | self._one_of(DELIVERY_MODES) << 8 | self._one_of((0, 0, 2, 3)) << 14
        self._last_message = operation("send_msi", address, data)
        yield self._last_message

    def _message_again(self) -> Operations:
        yield self._last_message

    def _entry(self) -> Operations:
        """A redirection entry, or another register of the I/O APIC."""
        if self._chance(10):
            yield operation("write_io_apic", self._bits(6), self._bits(32))
            yield operation("read_io_apic", self._bits(6))
            return
        index = 0x10 + 2 * self._one_of(_PINS)
        low = self._one_of(VECTORS) | self._one_of(DELIVERY_MODES) << 8 | self._bits(1) << 11 | self._bits(3) << 13
        yield operation("write_io_apic", index + 1, self._one_of(self._destinations) << 24)
        yield operation("write_io_apic", index, low | self._one_of((0, 0, 0, 1)) << 16)
        yield operation("read_io_apic", index)

    def _pin(self) -> Operations:
        """A pin of the I/O APIC moves, or a line of the 8259, now and then just after CPU 0 listens to it."""
        if self._chance(70):
            yield operation("drive_pin", self._one_of(_PINS), self._bits(1))
            return
        yield from [operation("write", 0, Register.LVT_LINT0, _EXTINT)][self._random.randrange(3) :]
        yield operation("drive_legacy_line", self._one_of((0, 1, 3, 7, 8, 15)), self._bits(1))

    def _local_source(self) -> Operations:
        """Thermal sensor and performance counters speak, or a LINT pin moves, perhaps with a new entry."""
        disabled = self._cpu_where(lambda cpu: self._apics[cpu].mode == "disabled")
        cpu, which = disabled if self._chance(20) else self._cpu(), self._random.randrange(4)
        if self._chance(40):
            offset = LVT[1 + which]
            yield operation("write", cpu, offset, self._value(offset))
        match which:
            case 0:
                yield operation("fire_thermal", cpu)
            case 1:
                yield operation("fire_performance", cpu)
            case _:
                yield operation("drive_lint", cpu, which - 2, self._bits(1))

    def _signal(self) -> Operations:
        """NMI and SMI are taken, and their handlers end; an instruction ends that held one up."""
        yield operation("end_instruction", self._cpu_where(lambda cpu: self._apics[cpu].shadow))
        yield operation("take_nmi_or_smi", self._cpu_where(lambda cpu: self._apics[cpu].arrival() in ("NMI", "SMI")))
        if self._chance(50):
            yield operation("return_from_nmi", self._cpu_where(lambda cpu: self._apics[cpu].nmi_running))
        if self._chance(50):
            yield operation("resume", self._cpu_where(lambda cpu: self._apics[cpu].in_smm))

    def _instruction(self) -> Operations:
        cpu = self._cpu()
        yield operation(self._random.choice(("sti", "sti", "cli")), cpu)
        if self._chance(50):
            yield operation("end_instruction", cpu)

    def _restart(self) -> Operations:
        """INIT, INIT, start-up IPI, in any order; best at a CPU that cannot take them yet."""
        apics = self._apics
        cpu = self._cpu_where(lambda cpu: apics[cpu].smi_pending or apics[cpu].in_smm or apics[cpu].shadow)
        for command in self._random.sample((_INIT, _INIT, _STARTUP), self._random.randrange(1, 4)):
            yield from self._from_bootstrap_processor(cpu, command)

    def _from_bootstrap_processor(self, cpu: int, command: int) -> Operations:
        yield operation("write", 0, Register.ICR_HIGH, cpu << 24)
        yield operation("write", 0, Register.ICR_LOW, (cpu << 32 if self._x2apic(0) else 0) | command)

    def _time(self) -> Operations:
        """A timer is set in one way or another, and time passes."""
        cpu = self._cpu()
        for offset in self._random.sample(_TIMER, self._random.randrange(len(_TIMER))):
            yield operation("write", cpu, offset, self._value(offset))
        if self._chance(50):
            deadline = self._both.model.clock.now + self._random.randrange(-50, 250)
            yield operation("write_tsc_deadline", cpu, 0 if self._chance(15) else max(0, deadline))
            yield operation("read_tsc_deadline", cpu)
        yield operation("advance", self._random.randrange(60))

    def _base(self) -> Operations:
        """A CPU changes the mode of its APIC or moves the page, and somebody writes to where it may have been."""
        cpu = self._cpu()
        mode = self._one_of((0, APIC_ENABLE, APIC_ENABLE, X2APIC_ENABLE, APIC_ENABLE | X2APIC_ENABLE))
        yield operation("write_apic_base", cpu, self._smudged(self._one_of(PAGES) | mode, 42))
        yield operation("read_apic_base", cpu)
        yield from self._message_again()

    def _priority(self) -> Operations:
        cpu = self._cpu()
        yield operation("write_cr8", cpu, self._smudged(self._bits(4), 64))
        yield operation("read_cr8", self._cpu())

    def _wrong_door(self) -> Operations:
        """MSRs in whatever mode; memory that may be the APIC's page."""
        cpu, offset = self._cpu(), self._one_of(OFFSETS)
        address = self._one_of(PAGES) + offset % 0x1000
        match self._random.randrange(4):
            case 0:
                yield operation("read_msr", cpu, offset)
            case 1:
                yield operation("write_msr", cpu, offset, self._value(offset))
            case 2:
                yield operation("load", cpu, address)
            case _:
                yield operation("store", cpu, address, self._value(offset))

    def _put_right(self) -> Operations:
        """A CPU that is off in one way or another is set up again."""
        apics = self._apics
        cpu = self._cpu_where(lambda cpu: apics[cpu].run_state != "running" or not apics[cpu].software_enabled())
        if apics[cpu].mode == "disabled":
            yield operation("write_apic_base", cpu, RESET_BASE | APIC_ENABLE)
        if apics[cpu].run_state != "running":
            yield operation("send_msi", RESET_BASE | cpu << 12, 0x600)  # no device can: only an IPI starts a CPU
            yield from self._from_bootstrap_processor(cpu, _STARTUP)
        settings = {
            Register.SVR: 0x1FF,
            Register.LDR: self._logical_id(cpu) << 24,
            Register.DFR: 0x0FFF_FFFF if self._clusters else 0xFFFF_FFFF,
            Register.LVT_ERROR: 0xEF,
            Register.LVT_LINT0: _LEVEL_LINT0 | self._one_of(VECTORS),
            Register.LVT_LINT1: _NMI_LINT1,
            Register.LVT_TIMER: self._value(Register.LVT_TIMER),
            Register.TPR: 0,
        }
        for offset, value in settings.items():
            yield operation("write", cpu, offset, value)

    def _logical_id(self, cpu: int) -> int:
        return cpu // 4 % 4 << 4 | 1 << cpu % 4 if self._clusters else 1 << cpu % 8

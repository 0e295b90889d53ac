"""What a small test kernel does: programs its APICs, sends, opens its interrupt window, runs handlers."""

from collections.abc import Callable, Mapping, Sequence

from app.hw.cpu import Arrival
from app.hw.events import Fault
from app.hw.machine import Machine
from app.hw.physical_memory import read_physical, write_physical
from app.hw.profile import INTEL_SDM, Profile
from app.x86 import redirection
from app.x86.icr import DeliveryMode, DestinationMode, Icr
from app.x86.model_specific_registers import APIC_ENABLE, X2APIC_ENABLE, ApicMode, Msr, x2apic_msr
from app.x86.redirection import IoApicRegister
from app.x86.registers import Register

#: What a handler does, EOI and all; IRET is not its business.
Handler = Callable[[], None]

XAPIC, X2APIC, DISABLED = ApicMode.XAPIC, ApicMode.X2APIC, ApicMode.DISABLED
MODE_BITS = {DISABLED: 0, XAPIC: APIC_ENABLE, X2APIC: APIC_ENABLE | X2APIC_ENABLE}
SOFTWARE_ENABLE = 0x1FF
MASKED = 1 << 16
#: More handlers in a row than any test wants: the line that started them is never lowered.
_TOO_MANY = 1000


def booted(
    cpus: int = 1, mode: ApicMode = XAPIC, profile: Profile = INTEL_SDM, *, apic_ids: Sequence[int] = ()
) -> Machine:
    """Every APIC in *mode*, software-enabled, interrupts on."""
    machine = Machine(cpus, profile=profile, apic_ids=apic_ids)
    for cpu in machine.cpus:
        if mode is not XAPIC:
            assert write_apic_base(machine, cpu.number, mode) is None
        write(machine, cpu.number, Register.SVR, SOFTWARE_ENABLE)
        cpu.interrupt_flag = True
    return machine


# Registers


def write_apic_base(machine: Machine, cpu: int, mode: ApicMode) -> Fault | None:
    """WRMSR of IA32_APIC_BASE that changes the mode alone."""
    base = rdmsr(machine, cpu, Msr.IA32_APIC_BASE)
    written = machine.write_msr(cpu, Msr.IA32_APIC_BASE, base & ~MODE_BITS[X2APIC] | MODE_BITS[mode])
    return written if isinstance(written, Fault) else None


def mode_of(machine: Machine, cpu: int) -> ApicMode:
    """The mode that IA32_APIC_BASE says."""
    bits = rdmsr(machine, cpu, Msr.IA32_APIC_BASE) & MODE_BITS[X2APIC]
    return next(mode for mode, value in MODE_BITS.items() if value == bits)


def rdmsr(machine: Machine, cpu: int, msr: int) -> int:
    """RDMSR that is not to raise #GP."""
    value = machine.read_msr(cpu, msr)
    assert not isinstance(value, Fault)
    return value


def read(machine: Machine, cpu: int, register: int) -> int:
    """A load from the APIC's page, or RDMSR in x2APIC mode."""
    if mode_of(machine, cpu) is X2APIC:
        return rdmsr(machine, cpu, x2apic_msr(register))
    return read_physical(machine, cpu, machine.cpus[cpu].apic.base + register)


def write(machine: Machine, cpu: int, register: int, value: int) -> None:
    """A store to the APIC's page, or WRMSR in x2APIC mode, that is not to raise #GP."""
    if mode_of(machine, cpu) is X2APIC:
        assert machine.write_msr(cpu, x2apic_msr(register), value) is None
    else:
        write_physical(machine, cpu, machine.cpus[cpu].apic.base + register, value)


def vectors(machine: Machine, cpu: int, first: Register) -> list[int]:
    """The vectors in IRR, ISR or TMR: *first* is the register of vectors 0 to 31."""
    words = [read(machine, cpu, first + 16 * index) for index in range(8)]
    return [vector for vector in range(256) if words[vector // 32] >> vector % 32 & 1]


def error_status(machine: Machine, cpu: int) -> int:
    """What has been noticed since the last look: ESR is written, then read."""
    write(machine, cpu, Register.ESR, 0)
    return read(machine, cpu, Register.ESR)


# Interprocessor interrupts


def post(machine: Machine, cpu: int, icr: Icr) -> None:
    """*cpu* writes *icr*; its message is on the way."""
    if mode_of(machine, cpu) is X2APIC:
        write(machine, cpu, Register.ICR_LOW, icr.encode(x2apic=True))
        return
    write(machine, cpu, Register.ICR_HIGH, icr.encode() >> 32)
    write(machine, cpu, Register.ICR_LOW, icr.low())


def send(machine: Machine, cpu: int, icr: Icr) -> None:
    """*cpu* writes *icr*, and its message arrives."""
    post(machine, cpu, icr)
    machine.settle()


# Handlers


def end_of_interrupt(machine: Machine, cpu: int) -> None:
    """EOI, and whatever it sends arrives."""
    write(machine, cpu, Register.EOI, 0)
    machine.settle()


def run_handlers(machine: Machine, cpu: int, handlers: Mapping[int, Handler] | None = None) -> list[int]:
    """*cpu* takes interrupts until none comes. The vectors in their order.

    A handler runs with interrupts off and does what *handlers* says for its vector, or else only EOI.
    """
    processor = machine.cpus[cpu]
    taken: list[int] = []
    machine.settle()
    while processor.next_arrival() is Arrival.INTERRUPT:
        vector = processor.take_interrupt()
        taken.append(vector)
        assert len(taken) < _TOO_MANY, f"vector {vector:#04x} comes again and again"
        processor.disable_interrupts()
        if handlers and vector in handlers:
            handlers[vector]()
        else:
            end_of_interrupt(machine, cpu)
        processor.interrupt_flag = True
        machine.settle()
    return taken


def run_everywhere(machine: Machine) -> list[list[int]]:
    """What every CPU takes, by CPU."""
    return [run_handlers(machine, cpu.number) for cpu in machine.cpus]


def run_nmis(machine: Machine, cpu: int) -> int:
    """*cpu* takes NMIs until none comes. How often the handler ran."""
    processor = machine.cpus[cpu]
    runs = 0
    while processor.next_arrival() is Arrival.NMI:
        processor.take_nmi()
        runs += 1
        processor.return_from_nmi()
    return runs


# Timers and devices


def pass_time(machine: Machine, cycles: int) -> None:
    """The time-stamp counter goes on by *cycles*; timers fire on the way."""
    end = machine.clock.now + cycles
    while (deadline := machine.next_timer_deadline()) is not None and deadline <= end:
        machine.clock.now = deadline
        machine.expire_timers()
    machine.clock.now = end


def redirect(
    machine: Machine,
    pin: int,
    vector: int,
    *,
    level: bool = False,
    masked: bool = False,
    destination: int = 0,
    destination_mode: DestinationMode = DestinationMode.PHYSICAL,
    delivery_mode: DeliveryMode = DeliveryMode.FIXED,
) -> None:
    """Programs the redirection entry of *pin*."""
    low = vector | delivery_mode << 8 | destination_mode << 11
    low |= redirection.LEVEL if level else 0
    low |= redirection.MASKED if masked else 0
    machine.write_redirection_entry(pin, destination << 56 | low)
    machine.settle()


def entry(machine: Machine, pin: int) -> int:
    """The low half of the redirection entry of *pin*."""
    return machine.read_io_apic(IoApicRegister.REDIRECTION + 2 * pin)


def set_mask(machine: Machine, pin: int, masked: bool) -> None:
    """Masks or unmasks *pin* in the way of a driver: reads the entry, changes one bit, writes it."""
    low = entry(machine, pin) & ~redirection.MASKED | (redirection.MASKED if masked else 0)
    machine.write_io_apic(IoApicRegister.REDIRECTION + 2 * pin, low)
    machine.settle()


def remote_irr(machine: Machine, pin: int) -> bool:
    return bool(entry(machine, pin) & redirection.REMOTE_IRR)


def set_line(machine: Machine, pin: int, level: int) -> None:
    """A device drives *pin*, and whatever that sends arrives."""
    machine.drive_pin(pin, level)
    machine.settle()


def toggle_line(machine: Machine, pin: int) -> None:
    """Up and down again."""
    set_line(machine, pin, 1)
    set_line(machine, pin, 0)

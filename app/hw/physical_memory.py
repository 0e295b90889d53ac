"""Loads and stores by physical address: which of them are for an APIC, and what comes of the others.

Source: SDM vol. 3, "APIC Register Address Map" (aligned 32-bit accesses), "Local APIC Status and Location"; 82093AA
data sheet. Every CPU sees its own local APIC, even where all have one address.
"""

from typing import TYPE_CHECKING

from app.hw.events import Fault, RegisterFaulted
from app.x86.model_specific_registers import PAGE_SIZE, ApicMode
from app.x86.redirection import EOI_OFFSET, SELECT_OFFSET, WINDOW_OFFSET

if TYPE_CHECKING:
    from app.hw.machine import Machine

IO_APIC_BASE = 0xFEC0_0000
_REGISTER_SIZE = 4
_EMPTY_BUS = -1


def read_physical(machine: "Machine", cpu: int, address: int, size: int = _REGISTER_SIZE) -> int:
    """What a load of *size* bytes by *cpu* gives; all ones where nothing answers.

    Of an APIC's page only aligned 32-bit words are promised: any other load of it reads 0 here.
    """
    page, offset = address & -PAGE_SIZE, address & PAGE_SIZE - 1
    apic = machine.cpus[cpu].apic
    if apic.mode is ApicMode.XAPIC and page == apic.base:
        if size != _REGISTER_SIZE or offset % _REGISTER_SIZE:
            apic.services.record(RegisterFaulted(cpu, offset, Fault.ACCESS_SIZE, general_protection=False))
            return 0
        value = machine.read_register(cpu, offset)
        assert not isinstance(value, Fault), "a page access raises no #GP"
        return value
    if page == IO_APIC_BASE and size == _REGISTER_SIZE:
        return _read_io_apic(machine, offset)
    return _EMPTY_BUS & (1 << 8 * size) - 1


def write_physical(machine: "Machine", cpu: int, address: int, value: int, size: int = _REGISTER_SIZE) -> None:
    """A store of *size* bytes by *cpu*. Nothing happens where nobody listens, or it is no aligned word."""
    page, offset = address & -PAGE_SIZE, address & PAGE_SIZE - 1
    apic = machine.cpus[cpu].apic
    if apic.mode is ApicMode.XAPIC and page == apic.base:
        if size != _REGISTER_SIZE or offset % _REGISTER_SIZE:
            apic.services.record(RegisterFaulted(cpu, offset, Fault.ACCESS_SIZE, general_protection=False))
            return
        machine.write_register(cpu, offset, value)
    elif page == IO_APIC_BASE and size == _REGISTER_SIZE:
        _write_io_apic(machine, offset, value)


def _read_io_apic(machine: "Machine", offset: int) -> int:
    match offset:
        case _ if offset == SELECT_OFFSET:
            return machine.io_apic.select
        case _ if offset == WINDOW_OFFSET:
            return machine.io_apic.read_window()
        case _:
            return 0


def _write_io_apic(machine: "Machine", offset: int, value: int) -> None:
    match offset:
        case _ if offset == SELECT_OFFSET:
            machine.io_apic.select = value & 0xFF
        case _ if offset == WINDOW_OFFSET:
            machine.write_io_apic_window(value)
        case _ if offset == EOI_OFFSET:
            machine.write_io_apic_eoi(value & 0xFF)

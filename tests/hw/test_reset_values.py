"""A machine after power-up reads as the definitions say, and x2APIC mode asks for 0 where they say so."""

import pytest

from app.hw.events import Fault
from app.hw.machine import Machine
from app.x86.model_specific_registers import ApicMode
from app.x86.redirection import IO_APIC, IoApicRegister
from app.x86.register_map import REGISTERS, RegisterDefinition
from app.x86.registers import Register

# The processor of this machine has no CMCI entry.
LISTED = [definition for definition in REGISTERS.values() if definition.register is not Register.LVT_CMCI]
INDEX = {"IOAPICID": IoApicRegister.ID, "IOAPICVER": IoApicRegister.VERSION, "IOAPICARB": IoApicRegister.ARBITRATION}

definitions = pytest.mark.parametrize("definition", LISTED, ids=[definition.register.name for definition in LISTED])


@definitions
def test_a_register_of_the_local_apic_reads_its_reset_value(definition: RegisterDefinition) -> None:
    if definition.xapic.readable:
        assert Machine(1).read_register(0, definition.register) == definition.reset


@pytest.mark.parametrize(("name", "index"), INDEX.items())
def test_a_register_of_the_io_apic_reads_its_reset_value(name: str, index: IoApicRegister) -> None:
    reset = next(register.reset for register in IO_APIC if register.name == name)

    assert Machine(1).read_io_apic(index) == reset


def test_a_redirection_entry_reads_its_reset_value() -> None:
    reset = next(register.reset for register in IO_APIC if register.name == "IOREDTBL")
    machine = Machine(1)

    low, high = (machine.read_io_apic(IoApicRegister.REDIRECTION + half) for half in (0, 1))

    assert high << 32 | low == reset


@definitions
def test_x2apic_mode_refuses_all_but_0_where_the_definition_says_so(definition: RegisterDefinition) -> None:
    if definition.x2apic.writable:
        fault = Machine(1, ApicMode.X2APIC).write_register(0, definition.register, 1)

        assert (fault is Fault.NOT_ZERO) == definition.x2apic_zero_only

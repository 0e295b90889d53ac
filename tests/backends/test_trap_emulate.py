import pytest

from app.backends import trap_emulate
from app.costs.sheet import load_cost_sheet
from app.guest.linux_2_6_22.kernel import LINUX_2_6_22, NATIVE_OPERATIONS
from app.guest.steps import (
    Decode,
    EmulatedRead,
    EmulatedWrite,
    EnableInterrupts,
    GuestStep,
    Halt,
    HypervisorCall,
    MemoryWrite,
    SpinUntil,
    VmEntry,
    VmExit,
    Word,
    Work,
)
from app.x86.registers import Register
from tests.backends.by_hand import done, intercepted, result

TRAP_EMULATE = trap_emulate.TRAP_EMULATE.bind(LINUX_2_6_22)
EXIT = VmExit("APIC access")


def test_the_guest_is_untouched() -> None:
    assert TRAP_EMULATE.overrides == ()
    assert TRAP_EMULATE.operations is NATIVE_OPERATIONS


def test_a_write_is_exit_decode_emulate_entry() -> None:
    code = TRAP_EMULATE.operations.apic_write(Register.TPR, 0x20)

    assert done(TRAP_EMULATE, code) == [EXIT, Decode(), EmulatedWrite(Register.TPR, 0x20), VmEntry()]


def test_a_read_is_exit_decode_emulate_entry_and_returns_what_the_model_holds() -> None:
    read = TRAP_EMULATE.operations.apic_read

    assert done(TRAP_EMULATE, read(Register.TPR)) == [EXIT, Decode(), EmulatedRead(Register.TPR), VmEntry()]
    assert result(TRAP_EMULATE, read(Register.TPR), reads=0x35) == 0x35


def test_halt_is_an_exit() -> None:
    assert intercepted(TRAP_EMULATE, Halt()) == [VmExit("HLT"), Halt()]


@pytest.mark.parametrize(
    "step",
    [
        Work("handler_device", "works"),
        MemoryWrite(Word("word"), 1),
        SpinUntil(Word("word"), 1),
        EnableInterrupts(),
        HypervisorCall("APICRead", Register.TPR, None),
    ],
)
def test_what_is_no_business_of_the_apic_runs_undisturbed(step: GuestStep) -> None:
    assert intercepted(TRAP_EMULATE, step) is None


@pytest.mark.parametrize(
    ("sheet", "decodes"), [("2007", True), ("skylake-sp", False), ("sapphire-rapids", False), ("amd-zen3", True)]
)
def test_what_it_takes_to_see_an_eoi_is_the_sheets(sheet: str, decodes: bool) -> None:
    """KVM on Intel's processors reads off the exit that it was EOI (``handle_apic_access``)."""
    code = TRAP_EMULATE.operations.apic_write(Register.EOI, 0)
    prices = load_cost_sheet(sheet).cycles

    steps = done(TRAP_EMULATE, code)

    assert steps == [EXIT, Decode("decode_eoi"), EmulatedWrite(Register.EOI, 0), VmEntry()]
    assert prices["decode_eoi"] == (prices["decode"] if decodes else 0)

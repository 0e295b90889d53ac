from app.backends import vmi
from app.guest.linux_2_6_22.apic_driver import native_apic_read
from app.guest.linux_2_6_22.kernel import LINUX_2_6_22, NATIVE_OPERATIONS
from app.guest.steps import (
    Decode,
    EmulatedRead,
    EmulatedWrite,
    Halt,
    Hypercall,
    HypervisorCall,
    VmEntry,
    VmExit,
    Work,
)
from app.x86.registers import Register
from tests.backends.by_hand import done, intercepted, result
from tests.guest.by_hand import context_of

VMI = vmi.VMI.bind(LINUX_2_6_22)
TPR = Register.TPR


def test_registers_are_overridden_and_the_start_of_a_cpu() -> None:
    assert VMI.overrides == ("apic_read", "apic_write", "startup_ipi_hook")


def test_hypervisor_is_told_in_what_state_a_cpu_is_to_begin() -> None:
    hook = VMI.operations.startup_ipi_hook(context_of(operations=VMI.operations), 3)

    assert done(VMI, hook) == [Hypercall("SetInitialAPState", (3,), "hypervisor_call"), VmEntry()]


def test_native_kernel_tells_nobody() -> None:
    assert list(NATIVE_OPERATIONS.startup_ipi_hook(context_of(), 3)) == []


def test_everything_above_is_the_native_code() -> None:
    for name in ("send_ipi_mask", "send_ipi_allbutself", "send_ipi_self", "eoi"):
        assert getattr(VMI.operations, name) is getattr(NATIVE_OPERATIONS, name)


def test_a_write_is_call_emulate_entry_without_fault_or_decoding() -> None:
    code = VMI.operations.apic_write(TPR, 0x20)

    assert done(VMI, code) == [
        HypervisorCall("APICWrite", TPR, 0x20),
        EmulatedWrite(TPR, 0x20, by_page=False),
        VmEntry(),
    ]


def test_a_write_of_zero_is_still_a_write() -> None:
    assert EmulatedWrite(Register.EOI, 0, by_page=False) in done(VMI, VMI.operations.apic_write(Register.EOI, 0))


def test_a_read_is_call_emulate_entry_and_returns_what_the_model_holds() -> None:
    read = VMI.operations.apic_read

    assert done(VMI, read(TPR)) == [HypervisorCall("APICRead", TPR, None), EmulatedRead(TPR, by_page=False), VmEntry()]
    assert result(VMI, read(TPR), reads=0x35) == 0x35


def test_an_access_that_by_passes_the_table_is_trapped() -> None:
    assert done(VMI, native_apic_read(TPR)) == [VmExit("APIC access"), Decode(), EmulatedRead(TPR), VmEntry()]


def test_halt_is_an_exit_and_work_is_not() -> None:
    assert intercepted(VMI, Halt()) == [VmExit("HLT"), Halt()]
    assert intercepted(VMI, Work("handler_device", "works")) is None

from app.backends.native_xapic import NATIVE_XAPIC
from app.guest.apic_driver import NATIVE_OPERATIONS
from app.guest.steps import Load, Store
from app.x86.registers import Register
from tests.backends.helpers import context_of, done, result


def test_nothing_is_overridden() -> None:
    assert NATIVE_XAPIC.overrides == ()
    assert NATIVE_XAPIC.operations is NATIVE_OPERATIONS


def test_there_is_no_hypervisor() -> None:
    assert NATIVE_XAPIC.hypervisor is None


def test_a_write_is_one_store() -> None:
    code = NATIVE_XAPIC.operations.apic_write(Register.TPR, 0x20)

    assert done(NATIVE_XAPIC, code) == [Store(Register.TPR, 0x20)]


def test_a_read_is_one_load_and_returns_what_it_found() -> None:
    read = NATIVE_XAPIC.operations.apic_read

    assert done(NATIVE_XAPIC, read(Register.ICR_LOW)) == [Load(Register.ICR_LOW)]
    assert result(NATIVE_XAPIC, read(Register.TPR), reads=0x35) == 0x35


def test_an_eoi_is_one_store() -> None:
    code = NATIVE_XAPIC.operations.ack_apic_irq(context_of(NATIVE_XAPIC))

    assert done(NATIVE_XAPIC, code) == [Store(Register.EOI, 0)]

import pytest

from app.trace.check.sentences import sentence
from app.trace.operations import (
    DeviceMessage,
    EoiBroadcastSeen,
    IoApicRead,
    IoApicWrite,
    LocalSourceFired,
    Operation,
    PinDriven,
    RegisterRead,
    RegisterWrite,
    VectorTaken,
)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (RegisterRead(7, 0, 1, 0x300, 0x8FB, 4), "CPU 1 reads ICR_LOW (0x300) = 0x000008fb"),
        (RegisterWrite(7, 0, 1, 0x050, 1, 4), "CPU 1 writes 0x050 = 0x00000001"),
        (DeviceMessage(7, 0, 0xFEE0_2004, 0x22), "a device writes 0x0022 to 0xfee02004, an interrupt message"),
        (IoApicRead(7, 0, 0x10, 5), "the I/O APIC's IOWIN gives 0x00000005"),
        (IoApicWrite(7, 0, 0x20, 5), "the I/O APIC's 0x20 is set to 0x00000005"),
        (PinDriven(7, 0, 4, 1), "a device raises I/O APIC pin 4"),
        (PinDriven(7, 0, 4, 0), "a device lowers I/O APIC pin 4"),
        (LocalSourceFired(7, 0, 0, 0), "a CPU's timer fires"),
        (LocalSourceFired(7, 0, 9, 0), "a CPU's local source fires"),
        (EoiBroadcastSeen(7, 0, 0x23), "the EOI of 0x23 is broadcast to the I/O APICs"),
        (VectorTaken(7, 0, 0xEC, 1), "a CPU takes 0xec"),
    ],
)
def test_each_operation_in_words(operation: Operation, words: str) -> None:
    assert sentence(operation, "") == f"line 7: {words}"


def test_what_the_model_makes_of_it_stands_behind() -> None:
    assert sentence(PinDriven(7, 0, 4, 1), "so be it") == "line 7: a device raises I/O APIC pin 4 (so be it)"

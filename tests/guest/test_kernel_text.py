"""Each guest function's accesses are the kernel's, in order: for both kernels, under every back end."""

import pytest

from app.backends.catalogue import BACKENDS
from app.guest import steps
from app.guest.generations import GENERATIONS
from app.guest.step_kinds import MEMORY_STEPS
from app.guest.steps import (
    Delay,
    Dereference,
    DisableInterrupts,
    EnableInterrupts,
    Fence,
    Hypercall,
    HypervisorCall,
    Load,
    ReadMsr,
    SpinUntil,
    Step,
    Store,
    Work,
    WriteMsr,
)
from app.measure.sequences import sequences
from tests.guest.kernel_text import TEXT

#: ``arch/x86/include/asm/apicdef.h``, and Hyper-V's synthetic MSRs (``asm/hyperv-tlfs.h``).
NAMES = {
    **{0x20: "ID", 0x30: "LVR", 0x80: "TASKPRI", 0xB0: "EOI", 0xD0: "LDR", 0xE0: "DFR", 0xF0: "SPIV", 0x280: "ESR"},
    **{0x300: "ICR", 0x310: "ICR2", 0x320: "LVTT", 0x350: "LVT0", 0x360: "LVT1", 0x370: "LVTERR", 0x3F0: "SELF_IPI"},
    **{
        base + 0x10 * word: f"{name}{word}"
        for base, name in ((0x100, "ISR"), (0x180, "TMR"), (0x200, "IRR"))
        for word in range(8)
    },
}
MSRS = {0x800 + (offset >> 4): name for offset, name in NAMES.items()} | {
    0x4000_0070: "HV_EOI",
    0x4000_0071: "HV_ICR",
    0x4000_0072: "HV_TPR",
}
PLAIN: dict[type[Step], str] = {
    Fence: "fence",
    DisableInterrupts: "cli",
    EnableInterrupts: "sti",
    SpinUntil: "spin",
    **dict.fromkeys(MEMORY_STEPS, "mem"),
}


def word(step: Step) -> str:
    match step:
        case Load(register):
            return f"read {NAMES[register]}"
        case Store(register, value):
            return f"write {NAMES[register]} {value:x}"
        case ReadMsr(msr):
            return f"rdmsr {MSRS[msr]}"
        case WriteMsr(msr, value):
            return f"wrmsr {MSRS[msr]} {value:x}"
        case Dereference(register):
            return f"look {NAMES[register]}"
        case HypervisorCall(name, register, None):
            return f"{name} {NAMES[register]}"
        case HypervisorCall(name, register, value):
            return f"{name} {NAMES[register]} {value:x}"
        case Hypercall(name, arguments):
            return " ".join([name, *(f"{argument:x}" for argument in arguments)])
        case Delay(microseconds):
            return f"wait {microseconds}"
        case steps.TestAndClear():
            return "word"
        case Work():
            return "work"
        case _:
            return PLAIN[type(step)]


CASES = [(*pair, title) for pair, lines in TEXT.items() for title in lines]


@pytest.mark.slow
@pytest.mark.parametrize(("generation", "backend", "title"), CASES)
def test_function_does_what_the_kernels_text_says(generation: str, backend: str, title: str) -> None:
    (found,) = (sequence for sequence in sequences(generation, backend) if sequence.title == title)

    text = TEXT[generation, backend][title]
    if text is None:
        assert found.steps is None
    else:
        assert found.steps is not None
        assert [word(done.step) for done in found.steps] == [part for part in text.split(" · ") if part]


@pytest.mark.parametrize(("generation", "backend"), TEXT)
def test_nothing_is_left_without_its_text(generation: str, backend: str) -> None:
    assert {sequence.title for sequence in sequences(generation, backend)} == set(TEXT[generation, backend])


def test_every_pair_has_its_text() -> None:
    pairs = {
        (generation, name)
        for generation, kernel in GENERATIONS.items()
        for name, definition in BACKENDS.items()
        if definition.reason_against(kernel) is None
    }

    assert set(TEXT) == pairs

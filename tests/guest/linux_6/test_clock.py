"""The local timer of today's kernel: by deadline where the processor has that, else by count."""

from app.guest.apic_ops import Context, KernelState
from app.guest.linux_6.clock import lapic_timer_set_oneshot, set_next_event
from app.guest.linux_6.kernel import LINUX_6, XAPIC_OPERATIONS
from app.guest.steps import Fence, Store, WriteMsr
from app.hw.machine import Machine
from app.hw.profile import INTEL_P6
from app.x86.model_specific_registers import Msr
from app.x86.registers import Register
from tests.guest.by_hand import steps_of, stores_of, xapic


def without_deadline() -> Context:
    return Context(Machine(1, profile=INTEL_P6).cpus[0], KernelState(1, LINUX_6), XAPIC_OPERATIONS)


def test_deadline_is_one_msr_behind_a_fence() -> None:
    context = xapic()
    context.cpu.apic.services.clock.now = 1000

    fence, write = steps_of(set_next_event(context, 500))

    assert isinstance(fence, Fence)
    assert isinstance(write, WriteMsr)
    assert write == (Msr.IA32_TSC_DEADLINE, 1000 + 8 * 500)


def test_old_processor_is_given_a_count() -> None:
    [write] = steps_of(set_next_event(without_deadline(), 500))

    assert isinstance(write, Store)
    assert write == (Register.TIMER_INITIAL_COUNT, 500)


def test_set_up_chooses_the_mode_of_the_timer() -> None:
    assert stores_of(lapic_timer_set_oneshot(xapic())) == [(Register.LVT_TIMER, 0x4_00EC)]
    assert stores_of(lapic_timer_set_oneshot(without_deadline()), 0xB) == [
        (Register.LVT_TIMER, 0xEC),
        (Register.TIMER_DIVIDE, 0x3),
    ]

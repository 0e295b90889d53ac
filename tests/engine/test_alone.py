"""Guest code that runs by itself, without a simulation around it."""

import pytest

from app.backends.catalogue import backend
from app.costs.sheet import NoFigure, load_cost_sheet
from app.engine.alone import Alone, NoApic, Run, access_run
from app.engine.work import Work
from app.guest import steps
from app.guest.apic_ops import Context
from app.guest.steps import EmulatedRead, EmulatedWrite, HostWork, Load, SpinUntil, Steps, Store, Word
from app.hw.machine import Machine
from app.x86.icr import DELIVERY_STATUS
from app.x86.registers import Register

SHEET = load_cost_sheet("sapphire-rapids")


def alone(name: str, access: type[NoApic] = NoApic) -> Alone:
    reached = backend(name, "linux-6")
    machine = Machine(4, reached.apic_mode)
    return Alone(machine, reached, SHEET.cycles, access(machine))


def send_to_itself(context: Context) -> Steps[None]:
    return context.operations.send_ipi_self(context, 0x41)


def send_to_cpu_1(context: Context) -> Steps[None]:
    return context.operations.send_ipi(context, 1, 0x41)


def kinds(run: Run) -> list[type[steps.Step]]:
    return [type(step) for step in run.steps]


class BusyOnce(NoApic):
    """The first read finds a message still under way."""

    looks = 0

    def load(self, cpu: int, register: int) -> int:
        self.looks += 1
        return DELIVERY_STATUS if self.looks == 1 else 0


def test_what_a_read_gets_is_for_what_stands_there_to_say() -> None:
    done = alone("native-xapic", BusyOnce).run(0, send_to_itself)

    assert kinds(done) == [Load, Load, Store]  # it polls until the last send has arrived
    assert done.work == Work(3, 0, 0, 2 * SHEET.price("mmio_read") + SHEET.price("mmio_write"))
    assert done.paid == {"mmio_read", "mmio_write"}


def test_time_goes_by_as_the_steps_take_it() -> None:
    stand = alone("trap-emulate")

    done = stand.run(0, send_to_itself)

    assert stand.machine.clock.now == done.work.cycles > 0


def test_the_hypervisor_s_steps_are_among_them() -> None:
    done = alone("trap-emulate").run(0, send_to_itself)

    assert (kinds(done).count(EmulatedRead), kinds(done).count(EmulatedWrite)) == (1, 1)
    assert (done.work.accesses, done.work.exits, done.work.hypercalls) == (2, 2, 0)


def test_a_shared_word_is_tested_and_cleared() -> None:
    stand = alone("kvm-pv")
    word = stand.execution.kernel.eoi_words[0]
    word.value = 1

    first, second = (stand.run(0, lambda context: context.operations.eoi(context)) for _ in range(2))

    assert first.steps == (steps.TestAndClear(word),)
    assert (first.work.accesses, second.work.accesses) == (0, 1)


def test_whoever_is_waited_for_has_answered_at_the_next_look() -> None:
    word = Word("answer")

    def waits(context: Context) -> Steps[None]:
        yield SpinUntil(word, 7)
        yield SpinUntil(word, 7)

    done = alone("native-xapic").run(0, waits)

    assert done == Run((SpinUntil(word, 7), SpinUntil(word, 7)), Work(cycles=2 * SHEET.price("spin_exit")))


def test_the_interrupt_flag_is_followed() -> None:
    stand = alone("native-xapic")
    stand.machine.cpus[0].interrupt_flag = True

    stand.run(0, send_to_cpu_1)

    assert stand.machine.cpus[0].interrupt_flag


def test_the_apic_is_left_alone() -> None:
    stand = alone("native-xapic")
    before = stand.machine.cpus[0].apic.icr

    stand.run(0, send_to_cpu_1)

    assert stand.machine.cpus[0].apic.icr == before
    assert stand.machine.outbox == []


def test_a_hypervisor_reaches_as_many_targets_as_it_is_told() -> None:
    access = access_run(backend("trap-emulate", "linux-6"), Register.ICR_LOW, 0xFC, SHEET, targets=3)

    assert kinds(access).count(HostWork) == 3


def test_a_price_that_the_sheet_lacks_is_an_error_with_the_reason() -> None:
    with pytest.raises(NoFigure, match="no x2APIC mode before Nehalem"):
        access_run(backend("native-x2apic", "linux-6"), Register.TPR, None, load_cost_sheet("2007"))

"""What a guest is asked for and its kernel does not have."""

from app.commands.command import Refusal
from app.commands.guest import CallGuest
from app.engine.simulation import Simulation
from app.guest.linux_6.kernel import LINUX_6

REFUSED = Refusal("linux-6 has no panic", "function")


def test_function_that_the_kernel_does_not_have_is_refused_by_its_field() -> None:
    simulation = Simulation(1, generation="linux-6")

    assert CallGuest(0, "panic").misfit(x2apic=False, kernel=LINUX_6) == REFUSED
    assert CallGuest(0, "panic").refusal(simulation) == REFUSED


def test_function_that_it_has_is_not() -> None:
    assert CallGuest(0, "do_boot_cpu").refusal(Simulation(2)) is None

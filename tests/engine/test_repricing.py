"""Another cost sheet for a guest that runs already, and back ends that a sheet cannot price."""

from dataclasses import replace

import pytest

from app.backends.catalogue import BACKENDS, reason_against
from app.commands.command import Stimulus
from app.commands.guest import CallGuest, SendIpi
from app.commands.lines import LowerPin, RaisePin
from app.commands.machine import SetBackend, SetCostSheet
from app.costs.entries import missing_feature
from app.costs.reference import cost_sheet_of
from app.costs.sheet import CostSheet, cost_sheet_names, load_cost_sheet
from app.engine.repricing import reason_against_sheet
from app.engine.simulation import Simulation
from app.guest.step_kinds import price_of
from app.guest.steps import Delay
from app.x86.icr import DeliveryMode, Icr, Shorthand
from tests.engine.runs import finish, under_every_pair

IPI = CallGuest(0, "smp_send_reschedule", target=1)
#: A sheet in which nothing is missing.
COMPLETE = load_cost_sheet("sapphire-rapids").with_values(
    dict.fromkeys(load_cost_sheet("sapphire-rapids").unavailable, 5)
)


def spent(simulation: Simulation, *commands: CallGuest | SetCostSheet) -> int:
    before = simulation.counters.cycles
    finish(simulation, *commands)
    return simulation.counters.cycles - before


def test_what_is_done_after_the_change_costs_what_it_costs_under_the_new_sheet_alone() -> None:
    changed = Simulation(2, "trap-emulate")
    finish(changed, IPI)
    alone = Simulation(2, "trap-emulate", cost_sheet_of("amd-zen3?decode=7"))

    finish(changed, SetCostSheet("amd-zen3?decode=7"), IPI)
    finish(alone, IPI)

    assert changed.counters.as_dict() == alone.counters.as_dict()
    assert changed.sheet == alone.sheet


def test_counters_begin_anew_and_virtual_time_goes_on() -> None:
    simulation = Simulation(2, "vmi")
    finish(simulation, IPI)
    time = simulation.time

    simulation.apply(SetCostSheet("skylake-sp"))

    assert set(simulation.counters.as_dict().values()) == {0}
    assert simulation.time == time > 0


def test_change_in_the_middle_of_a_call_counts_only_what_comes_after_it() -> None:
    simulation = Simulation(4, "trap-emulate")
    simulation.apply(CallGuest(0, "smp_call_function"))
    simulation.run(operations=12)
    whole = spent(Simulation(4, "trap-emulate"), CallGuest(0, "smp_call_function"))

    finish(simulation, SetCostSheet("2007"))

    assert 0 < simulation.counters.cycles < whole


def test_messages_fly_as_long_as_the_new_sheet_says() -> None:
    simulation = Simulation(2)
    simulation.apply(SetCostSheet("2007?message_flight=54321"))
    simulation.apply(IPI)
    while not simulation.in_flight:
        simulation.run(operations=1)

    (flight,) = simulation.in_flight.values()
    assert flight.arrives - flight.sent == load_cost_sheet("2007").price("mmio_write") + 54321


@pytest.mark.parametrize(
    ("before", "after", "megahertz"), [("2007", "sapphire-rapids", 2_000), ("sapphire-rapids", "2007", 3_800)]
)
def test_microsecond_is_as_long_as_the_new_sheet_says(before: str, after: str, megahertz: int) -> None:
    simulation = Simulation(2, "native-xapic", load_cost_sheet(before), generation="linux-2.6.22")
    finish(simulation, SetCostSheet(after), IPI)
    began = simulation.time

    finish(simulation, CallGuest(0, "do_boot_cpu", target=1))

    waited = (10_000 + 2 * (300 + 200)) * megahertz
    assert waited <= simulation.time - began < waited + 300 * megahertz  # with waits for each INIT to be on its way


def test_sheet_that_cannot_price_the_back_end_at_work_is_refused() -> None:
    simulation = Simulation(2, "apicv")

    with pytest.raises(ValueError, match=r"apicv: 2007 has no figure for virtual_apic_access: .*Ivy Bridge"):
        simulation.apply(SetCostSheet("2007"))
    assert simulation.sheet.name == "sapphire-rapids"


def test_sheet_must_price_what_began_under_another_back_end_too() -> None:
    simulation = Simulation(2, "apicv")
    simulation.apply(CallGuest(0, "smp_call_function"))
    simulation.run(operations=3)
    simulation.apply(SetBackend("native-xapic"))
    skylake = load_cost_sheet("skylake-sp")
    assert simulation.backend == "native-xapic"

    assert "apicv" in (reason_against_sheet(simulation.execution, skylake) or "")
    finish(simulation)
    assert reason_against_sheet(simulation.execution, skylake) is None


def test_back_end_that_the_sheet_cannot_price_is_refused_and_a_figure_by_hand_lets_it_in() -> None:
    simulation = Simulation(2, "native-xapic", load_cost_sheet("2007"), generation="linux-6")
    with pytest.raises(ValueError, match="has no figure for virtual_apic_access"):
        simulation.apply(SetBackend("apicv"))

    finish(simulation, SetCostSheet("2007?virtual_apic_access=60"), SetBackend("apicv"), IPI)

    assert simulation.backend == "apicv"


def test_machine_cannot_begin_with_a_back_end_that_its_sheet_cannot_price() -> None:
    with pytest.raises(ValueError, match="native-x2apic: 2007 has no figure for msr_read: There is no x2APIC mode"):
        Simulation(2, "native-x2apic", load_cost_sheet("2007"))


def test_kernel_speaks_before_the_sheet() -> None:
    assert reason_against("vmi", "linux-6", load_cost_sheet("2007")) == "VMI left the kernel with 2.6.37"


# A sheet without some of a back end's figures gets the lesser one of that name

NEWEST_FIRST = (
    ("ipi_virtualization", ("IPI virtualisation",)),
    ("posted_delivery", ("posted interrupts", "IPI virtualisation")),
    ("virtual_eoi", ("virtual-interrupt delivery", "posted interrupts", "IPI virtualisation")),
)


def without(*entries: str) -> CostSheet:
    missing = dict.fromkeys(entries, missing_feature("not on this hardware"))
    return replace(COMPLETE, name="mine", entries={**COMPLETE.entries, **missing})


@pytest.mark.parametrize(("missing", "lacks"), NEWEST_FIRST)
def test_lesser_back_end_runs_by_a_sheet_without_the_newer_figures(missing: str, lacks: tuple[str, ...]) -> None:
    simulation = Simulation(3, "apicv", without(missing))

    finish(simulation, CallGuest(0, "smp_call_function"), CallGuest(1, "send_ipi_self", vector=0x51), RaisePin(1))

    assert simulation.execution.backend.definition.lacks == lacks
    assert simulation.counters.exits > 0


def test_virtual_page_is_the_least_that_hardware_virtualises() -> None:
    with pytest.raises(ValueError, match="apicv: mine has no figure for virtual_apic_access: not on this hardware"):
        Simulation(2, "apicv", without("virtual_apic_access"))


def test_guest_at_rest_goes_on_without_what_the_new_sheet_lacks_and_gets_it_back() -> None:
    simulation = Simulation(2, "apicv")
    finish(simulation, IPI)

    finish(simulation, SetCostSheet("skylake-sp"), IPI)
    exits, alone = simulation.counters.exits, Simulation(2, "apicv", load_cost_sheet("skylake-sp"))
    finish(alone, IPI)
    assert (simulation.backend, exits) == ("apicv", alone.counters.exits)

    finish(simulation, SetCostSheet("sapphire-rapids"), IPI)
    assert simulation.counters.exits < exits


def test_sheet_has_to_wait_for_the_end_of_what_it_could_not_price() -> None:
    simulation = Simulation(2, "apicv")
    simulation.apply(CallGuest(0, "smp_call_function"))
    skylake = load_cost_sheet("skylake-sp")
    reasons = []
    while simulation.run(operations=1) and (reason := reason_against_sheet(simulation.execution, skylake)):
        reasons.append(reason)

    finish(simulation, SetCostSheet("skylake-sp"), IPI)  # it has a price for every step that is left
    assert len(reasons) > 10
    assert all(reason.endswith("is under way with it: let that end first.") for reason in reasons)


def test_back_end_that_waits_to_take_over_follows_the_sheet_too() -> None:
    simulation = Simulation(2, "xen-evtchn", load_cost_sheet("sapphire-rapids"), generation="linux-6")
    simulation.apply(CallGuest(0, "smp_call_function"))
    simulation.run(operations=4)
    simulation.apply(SetBackend("apicv"))
    assert simulation.switching_to == "apicv"

    finish(simulation, SetCostSheet("skylake-sp"), IPI)

    assert simulation.execution.backend.definition.lacks == ("IPI virtualisation",)


# What is declared is what is paid for


def paid_for(simulation: Simulation, command: Stimulus, most: int = 4_000) -> set[str]:
    """The entries by which the steps are priced that *command* leads to."""
    simulation.apply(command)
    paid: set[str] = set()
    for _ in range(most):
        if not simulation.run(operations=1):
            break
        steps = [processor.last_step for processor in simulation.processors]
        paid |= {price_of(step) for step in steps if step is not None and not isinstance(step, Delay)}
    return paid


@under_every_pair
def test_back_end_is_priced_by_the_entries_that_it_declares(generation: str, backend: str) -> None:
    simulation = Simulation(4, backend, COMPLETE, generation=generation)
    functions = simulation.execution.kernel.generation.functions
    modes = (DeliveryMode.FIXED, DeliveryMode.NMI, DeliveryMode.SMI)
    commands: list[Stimulus] = [
        *(CallGuest(0, function, target=1, vector=0xFC) for function in functions),
        *(SendIpi(0, Icr(0x51, mode, destination=1)) for mode in modes),
        *(SendIpi(0, Icr(0x51, mode, shorthand=Shorthand.ALL_EXCLUDING_SELF)) for mode in modes),
        RaisePin(1),
    ]
    paid = {entry for command in commands for entry in paid_for(simulation, command)}
    paid |= paid_for(simulation, RaisePin(17), most=60) | paid_for(simulation, LowerPin(17))

    declared = BACKENDS[backend].entries
    assert paid <= declared
    # Left over: rare paths of the hypervisor, and what a message costs under way.
    assert BACKENDS[backend].host_entries - paid <= {"decode", "decode_eoi", "emulate_read", "pv_interrupt"}


@pytest.mark.parametrize("sheet", cost_sheet_names())
@under_every_pair
def test_whatever_is_not_refused_runs(sheet: str, generation: str, backend: str) -> None:
    priced = load_cost_sheet(sheet)
    if reason_against(backend, generation, priced):
        with pytest.raises(ValueError, match=r"has no figure for|is not modelled"):
            Simulation(2, backend, priced, generation=generation)
        return
    simulation = Simulation(2, backend, priced, generation=generation)

    finish(simulation, CallGuest(0, "smp_call_function"), CallGuest(1, "send_ipi_self", vector=0x51))

    assert simulation.counters.cycles > 0

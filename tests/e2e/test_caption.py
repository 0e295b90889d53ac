"""Every case in which an interrupt does not come, or comes late: the caption on the page names the cause."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import open_pages
from tests.web.serving import Api, Server, new_session

pytestmark = pytest.mark.e2e

APIC_BASE = 0x1B
DISABLED, X2APIC = 0xFEE0_0000, 0xFEE0_0C00
OFF, MASKED = 0xFF, 1 << 16
LEVEL_TO_CPU_2 = 2 << 56 | 1 << 15 | 0x61
#: More operations than any of these cases has.
MOST_STEPS = 400

#: A CPU's part of the state.
CpuState = dict[str, Any]
Make = Callable[[Api], None]


class Case(NamedTuple):
    """How the case is made in a machine that stands still, and what the caption has to say of it."""

    make: Make
    caption: str
    backend: str = "native-xapic"


def do(session: Api, command: dict[str, Any]) -> None:
    session.command(command["type"], **{name: value for name, value in command.items() if name != "type"})


def settled(*commands: dict[str, Any]) -> Make:
    """Each of *commands*, and whatever comes of it."""

    def make(session: Api) -> None:
        for command in commands:
            do(session, command)
            session.command("run_until_idle", limit=3_000)

    return make


def at_once(*commands: dict[str, Any], until: Callable[[CpuState], bool]) -> Make:
    """All of *commands*, and time goes on as long as CPU 2 is not as it must be."""

    def make(session: Api) -> None:
        for command in commands:
            do(session, command)
        for _ in range(MOST_STEPS):
            if until(session.state()["cpus"][2]):
                return
            session.command("step")
        raise AssertionError("it never came")

    return make


def then(first: Make, kind: str, **fields: Any) -> Make:
    """*first*, and a command of which nothing comes yet."""

    def make(session: Api) -> None:
        first(session)
        session.command(kind, **fields)

    return make


def has(cpu: CpuState, words: str, vector: int) -> bool:
    """Whether bit *vector* is set in 256 bits of the CPU, such as its ``irr``."""
    return bool(int(cpu[words], 16) >> vector & 1)


def ipi(vector: int = 0x61, destination: int = 2, **fields: Any) -> dict[str, Any]:
    return {"type": "send_ipi", "cpu": 0, "vector": vector, "destination": destination, **fields}


def hold(cpu: int = 2) -> dict[str, Any]:
    return {"type": "set_interrupt_flag", "cpu": cpu, "enabled": False}


def register(name: str, value: int, cpu: int = 2) -> dict[str, Any]:
    return {"type": "write_register", "cpu": cpu, "register": name, "value": value}


def base(value: int, cpu: int = 2) -> dict[str, Any]:
    return {"type": "write_msr", "cpu": cpu, "msr": APIC_BASE, "value": value}


def call(caller: int, function: str, **arguments: int) -> dict[str, Any]:
    return {"type": "call_guest", "cpu": caller, "function": function, "arguments": arguments}


def fires(source: str) -> dict[str, Any]:
    return {"type": "fire_local_source", "cpu": 2, "source": source}


def entry(pin: int, value: int) -> dict[str, Any]:
    return {"type": "configure_pin", "pin": pin, "entry": value}


def pin(kind: str, number: int) -> dict[str, Any]:
    return {"type": f"{kind}_pin", "pin": number}


def masked_entry_of(name: str) -> str:
    return f"CPU 2: the source of {name} fires, and nothing comes of it: its LVT entry is masked."


WAITS = {
    "interrupts that a person holds off": Case(
        settled(hold(), ipi()),
        "0x61 waits on CPU 2: interrupts are held off by hand, though IF is 1.",
    ),
    "interrupts that the gate of a handler closed": Case(
        at_once(ipi(0x61), ipi(0x71), until=lambda cpu: has(cpu, "isr", 0x61) and has(cpu, "irr", 0x71)),
        "0x71 waits on CPU 2: interrupts are off (IF = 0): the gate of 0x61 closed them until its STI or IRET.",
    ),
    "task priority by CR8": Case(
        settled({"type": "write_cr8", "cpu": 2, "value": 6}, ipi()),
        "0x61 waits on CPU 2: class 6 is not above PPR 0x60, because TPR is 0x60.",
    ),
    "task priority by TPR": Case(
        settled(register("TPR", 0x7F), ipi()),
        "0x61 waits on CPU 2: class 6 is not above PPR 0x7f, because TPR is 0x7f.",
    ),
    "higher class in service": Case(
        at_once(ipi(0xFD), ipi(0x51), until=lambda cpu: has(cpu, "isr", 0xFD) and has(cpu, "irr", 0x51)),
        "0x51 waits on CPU 2: class 5 is not above PPR 0xf0, because 0xfd is in service; "
        "and interrupts are off (IF = 0).",
    ),
    "task priority, and a person besides": Case(
        settled(register("TPR", 0x70), hold(), ipi()),
        "0x61 waits on CPU 2: class 6 is not above PPR 0x70, because TPR is 0x70; "
        "and interrupts are held off by hand, though IF is 1.",
    ),
    "shadow of STI": Case(
        at_once(ipi(0x41), ipi(0x61), until=lambda cpu: cpu["interrupt_shadow"] and has(cpu, "irr", 0x61)),
        "0x61 waits on CPU 2: STI lets interrupts in after the next instruction.",
    ),
    "another vector that goes first": Case(
        then(settled(hold(), ipi(0x41), ipi(0x4F)), "set_interrupt_flag", cpu=2, enabled=True),
        "0x41 waits on CPU 2: 0x4f goes first.",
    ),
    "vector that is requested already": Case(
        settled(hold(), ipi(), ipi()),
        "0x61 waits on CPU 2: interrupts are held off by hand, though IF is 1. "
        "It was asked for again meanwhile: the requests are one.",
    ),
    "upcall mask that a person holds set": Case(
        settled(hold(), call(0, "smp_send_reschedule", cpu=2)),
        "Port 0xfc (reschedule) waits on CPU 2: interrupts are held off by hand, though evtchn_upcall_mask is 0.",
        backend="xen-evtchn",
    ),
    "upcall that is under way": Case(
        at_once(
            call(0, "smp_send_reschedule", cpu=2),
            call(1, "flush_tlb_others"),
            until=lambda cpu: [waiting["gate"] for waiting in cpu["why"]] == ["no_upcall"],
        ),
        "Port 0xfd (invalidate TLB) waits on CPU 2: the upcall under way comes to it before it returns.",
        backend="xen-evtchn",
    ),
}

REACHES_NOBODY = "0x61 reaches nobody: no APIC has this destination. It is lost."
NOBODY = {
    "physical destination of nobody": Case(settled(ipi(destination=9)), REACHES_NOBODY),
    "logical destination of nobody": Case(settled(ipi(destination=0x40, destination_mode="logical")), REACHES_NOBODY),
    "MSI to nobody": Case(settled({"type": "send_msi", "address": 0xFEE0_9000, "data": 0x61}), REACHES_NOBODY),
    "APIC that is disabled in its base register": Case(
        settled(base(DISABLED), ipi()),
        f"{REACHES_NOBODY} CPU 2 is meant, but its APIC is disabled in IA32_APIC_BASE.",
    ),
}

DROPPED = {
    "APIC that is software-disabled": Case(
        settled(register("SVR", OFF), ipi()),
        "CPU 2 drops 0x61: the APIC is software-disabled (SVR bit 8 is 0).",
    ),
    "CPU that waits for a start-up IPI": Case(
        settled(ipi(0, delivery_mode="init"), ipi()),
        "CPU 2 drops 0x61: the APIC is software-disabled (SVR bit 8 is 0). "
        "It was reset by INIT and waits for a start-up IPI.",
    ),
    "start-up IPI to a CPU that runs": Case(
        settled(ipi(8, delivery_mode="startup")),
        "CPU 2 drops start-up IPI to 0x08000: the CPU is halted, and not waiting for a start-up IPI: INIT comes first.",
    ),
    "MSI with an illegal vector": Case(
        settled({"type": "send_msi", "address": 0xFEE0_2000, "data": 0x05}),
        "CPU 2 drops 0x05: vectors 0-15 are illegal for fixed and lowest-priority delivery.",
    ),
}

NEVER_SENT = {
    "thermal sensor whose entry is masked": Case(
        settled(register("LVT_THERMAL", MASKED | 0x61), fires("thermal")), masked_entry_of("LVT THERMAL (0x330)")
    ),
    "performance counter that overflows a second time": Case(
        settled(register("LVT_PERFORMANCE", 0x61), fires("performance"), fires("performance")),
        masked_entry_of("LVT PERFORMANCE (0x340)"),
    ),
    "line at a masked LINT0": Case(
        settled(register("LVT_LINT0", MASKED | 0x61), {"type": "raise_lint", "cpu": 2, "pin": 0}),
        masked_entry_of("LVT LINT0 (0x350)"),
    ),
    "timer whose entry is masked": Case(
        then(
            settled(register("LVT_TIMER", MASKED | 0x61), register("TIMER_INITIAL_COUNT", 100)),
            "step",
            count=20,
        ),
        masked_entry_of("LVT TIMER (0x320)"),
    ),
    "line of the 8259 at a masked ExtINT": Case(
        settled(register("LVT_LINT0", MASKED | 7 << 8, cpu=0), {"type": "raise_legacy_line", "line": 4}),
        "CPU 0: the source of LVT LINT0 (0x350) fires, and nothing comes of it: its LVT entry is masked.",
    ),
    "edge at a masked pin": Case(
        settled(entry(5, MASKED | 0x61), pin("raise", 5)),
        "Pin 5 goes up; nothing is sent: the pin is masked, so the edge is lost.",
    ),
    "level at a masked pin": Case(
        settled(entry(18, MASKED | LEVEL_TO_CPU_2), pin("raise", 18)),
        "Pin 18 goes up; nothing is sent: the pin is masked.",
    ),
    "line that asks while remote IRR is set": Case(
        settled(hold(), entry(18, LEVEL_TO_CPU_2), pin("raise", 18), pin("lower", 18), pin("raise", 18)),
        "Pin 18 goes up; nothing is sent: remote IRR is 1: it waits for the EOI. CPU 2 has 0x61 requested.",
    ),
    "IPI with an illegal vector": Case(
        settled(ipi(0x05)),
        "CPU 0 sends nothing: 0x05, vectors 0-15 are illegal for fixed and lowest-priority delivery.",
    ),
}

STUCK = {
    "sender whose APIC is switched off": Case(
        settled(base(DISABLED, cpu=0), ipi()),
        "CPU 0 polls delivery status (ICR bit 12) for ever: it reads all ones, so the bit is never 0. "
        "CPU 0: its APIC is disabled in IA32_APIC_BASE, so nothing answers on its page.",
    ),
    "deadlock of code that waits for one whose interrupts are held off": Case(
        settled(hold(), call(0, "smp_call_function")),
        "CPU 0 spins on call_data.started until CPU 2 answers. "
        "CPU 2: 0xfb waits, interrupts are held off by hand, though IF is 1.",
    ),
    "EOI on a page that is gone": Case(
        settled(base(X2APIC), ipi()),
        "CPU 2, register EOI (0x0b0): the APIC page is not there: disabled, or in x2APIC mode (ignored). "
        "0x61 stays in service.",
    ),
}

CALLED = {
    "interrupt command that waits for time to run": Case(
        then(settled(), "send_ipi", cpu=0, vector=0x61, destination=2),
        "CPU 0 is to send 0x61 as soon as time runs.",
    ),
}

CASES = WAITS | NOBODY | DROPPED | NEVER_SENT | STUCK | CALLED


@pytest.fixture(scope="module")
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """One page for all cases: it goes from one to the next."""
    with open_pages(browser, server.address) as open_one:
        yield open_one("/docs", live=False)


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client


@pytest.mark.parametrize("name", CASES)
def test_caption_names_the_cause(page: Page, http: httpx2.Client, name: str) -> None:
    case = CASES[name]
    session = new_session(http, backend=case.backend)
    page.goto(f"/s/{session.id}")
    page.locator("#link[data-link=live]").wait_for()

    case.make(session)

    expect(page.locator("[data-part=caption]")).to_have_text(case.caption)

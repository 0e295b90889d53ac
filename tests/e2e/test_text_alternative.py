"""What a page draws stands in words, too: for states by chance, live, in the past and linked, they equal the state."""

import re
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import MakeSession, Open
from tests.e2e.looking import awaited
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

CPUS, ACTS = 4, 12
VECTORS = ("0x31", "0x41", "0x61", "0x62", "0x91", "0xfc")
FUNCTIONS = ("smp_call_function", "flush_tlb_others", "send_ipi_self")

#: All that is said of the machine in words.
SAID = """() => {
  const labels = (nodes) => [...nodes].map((node) => node.getAttribute("aria-label"));
  const words = (nodes) => [...nodes].filter((node) => node.checkVisibility()).map((node) => node.textContent);
  return {
    caption: document.querySelector("[data-part=caption]").textContent,
    chips: [...document.querySelectorAll("#machine .well")].map((well) =>
      [...well.querySelectorAll("[role=gridcell][data-kind]:not(.gone)")].map((chip) =>
        [chip.dataset.kind, chip.getAttribute("aria-label")])),
    selected: labels(document.querySelectorAll("#vector-grid [role=gridcell][aria-label]")),
    held: [...document.querySelectorAll("#machine .barrier")].map((barrier) => barrier.ariaChecked === "false"),
    reasons: words(document.querySelectorAll("#reasons > li")),
  };
}"""


def live_by_chance(session: Api, seed: int) -> None:
    """Commands by chance, and a little of what comes of each."""
    chance = Random(seed)
    for _ in range(ACTS):
        cpu = chance.randrange(CPUS)
        match chance.randrange(6):
            case 0:
                session.command("set_interrupt_flag", cpu=cpu, enabled=chance.random() < 0.5)
            case 1:
                session.command("write_cr8", cpu=cpu, value=chance.choice((0, 0, 4, 7)))
            case 2:
                session.command("call_guest", cpu=cpu, function=chance.choice(FUNCTIONS))
            case 3:
                session.command(chance.choice(("raise_pin", "lower_pin")), pin=chance.choice((1, 5, 18)))
            case _:
                target = chance.randrange(CPUS)
                session.command("send_ipi", cpu=cpu, vector=chance.choice(VECTORS), destination=target)
        session.command("step", count=chance.randint(1, 25))


def vectors(digits: str) -> set[int]:
    bits = int(digits, 16)
    return {vector for vector in range(256) if bits >> vector & 1}


def told_of(label: str) -> int:
    """The vector that a sentence begins with."""
    found = re.match(r"0x[0-9a-f]{2}", label)
    assert found, label
    return int(found[0], 16)


def differences(said: dict[str, Any], state: dict[str, Any], selected: int) -> list[str]:
    """What the page says otherwise than the state."""
    if len(said["chips"]) < len(state["cpus"]):
        return ["nothing is drawn yet"]
    wrong = [] if said["caption"] == state["caption"]["words"] else [said["caption"]]
    for cpu, chips, held in zip(state["cpus"], said["chips"], said["held"], strict=True):
        name = f"CPU {cpu['cpu']}"
        if sorted(told_of(label) for kind, label in chips if kind == "requested") != sorted(vectors(cpu["irr"])):
            wrong.append(f"{name} requested: {chips}")
        if sorted(told_of(label) for kind, label in chips if kind == "service") != sorted(vectors(cpu["isr"])):
            wrong.append(f"{name} in service: {chips}")
        labels = [label for _, label in chips]
        wrong += [f"{name}: {waiting['text']}" for waiting in cpu["why"] if waiting["text"] not in labels]
        if held != cpu["held_off"]:
            wrong.append(f"{name} held: {held}")
    cpu = state["cpus"][selected]
    for word, register in ((r"(requested|requested again), waits", "irr"), ("in service", "isr")):
        found = {told_of(label) for label in said["selected"] if re.search(word, label)}
        if found != vectors(cpu[register]):
            wrong.append(f"cells of {register}: {said['selected']}")
    wrong += [waiting["text"] for waiting in cpu["why"] if waiting["text"] not in said["reasons"]]
    return wrong


def check(page: Page, state: dict[str, Any], selected: int) -> None:
    """Waits until the page says what the state is."""
    awaited(
        page, lambda: {"wrong": differences(page.evaluate(SAID), state, selected)}, lambda looked: looked["wrong"] == []
    )


@pytest.mark.parametrize("seed", range(4))
def test_words_equal_the_state_live_in_the_past_and_at_a_linked_moment(
    open_page: Open, make_session: MakeSession, seed: int
) -> None:
    session = make_session(backend=("native-xapic", "vmi")[seed % 2])
    page = open_page(f"/s/{session.id}")
    live_by_chance(session, seed)
    selected = seed % CPUS
    for _ in range(selected):
        page.keyboard.press("j")
    state = session.state()
    check(page, state, selected)

    session.command("seek", tick=state["tick"] * 2 // 3)
    past = session.state()
    check(page, past, selected)

    link = session.http.post(f"{session.path}/moments", json={"view": {"cpu": selected}}).json()["link"]
    check(open_page(link, live=False), past, selected)

"""What the machine's page invites a newcomer to do, one after another: the words, and the sign that it was done."""

from typing import Any, NamedTuple

from app.engine.waits import Window
from app.hw.events import Accepted, Merged
from app.hw.gates import FLAG, UPCALL_MASK
from app.web.pages.shortcuts import MACHINE_KEYS, captions


class Words(NamedTuple):
    """*folded* stand in place of *beside* where what they speak of lies in a folded part of a narrow page; "" where
    that is all the same. *keys* are said behind them where there is a keyboard."""

    beside: str
    folded: str = ""
    keys: str = ""


class Invitation(NamedTuple):
    """*words* invite; *channels* do where the guest has no APIC; None where that is all the same. *at* selects what
    they speak of, and *channels_at* does where it is another; *fold* says in what part of a narrow page that lies: the
    "sheet" of causes, or the "bar" of time.

    *sign* is a pattern: ``state`` fits the state, ``event`` an event that has come since the invitation stands there. A
    pattern that is an object fits what has all of its keys with values that fit; one that is a list fits each of its
    values; whatever else fits itself. A list fits when one of its members does."""

    words: Words
    at: str
    sign: dict[str, Any]
    channels: Words | None = None
    channels_at: str = ""
    fold: str = ""

    @property
    def needs_time(self) -> bool:
        """Nothing comes of it while time stands still."""
        return "live" not in self.sign["state"]


def invitations(cpus: int) -> list[Invitation]:
    """Those to the users of a machine of so many CPUs, in their order."""
    cpu = invited_cpu(cpus)
    whom = f"CPU {cpu}" if cpu else "itself"
    send = f"ress Send: CPU 0 sends an interrupt to {whom}."
    call = f"ress smp_send_reschedule: CPU 0 sends an event to {whom}."
    return [
        Invitation(
            Words(f"P{send}", f"Open IPI and p{send}"),
            "#send-button",
            # Whoever acts ends what the machine does by itself.
            {
                "state": {"demonstration": False},
                "event": {"kind": [Accepted.usual_kind.name, Merged.usual_kind.name], "cpu": cpu},
            },
            Words(f"P{call}", f"Open Guest and p{call}"),
            "button.function[value='smp_send_reschedule']",
            "sheet",
        ),
        Invitation(
            Words(f"Press IF of CPU {cpu} to hold its interrupts off, and send again: see why it waits."),
            f".well[data-cpu='{cpu}'] .barrier",
            {
                "state": {
                    "cpus": {"cpu": cpu, "window": Window.HELD.value, "why": {"gate": [FLAG.name, UPCALL_MASK.name]}}
                }
            },
            Words(f"Press the mask of CPU {cpu} to hold its upcalls off, and send again: see why it waits."),
        ),
        Invitation(
            Words(
                "Go back to the interrupt before: press the button left of Back.",
                "Go back to the interrupt before: open the menu at the right below, and press the framed button.",
                f"Key: {' or '.join(captions(MACHINE_KEYS, 'stepBackInterrupt'))}.",
            ),
            "#step-back-interrupt",
            {"state": {"live": False}},
            fold="bar",
        ),
    ]


#: Said behind an invitation while time stands still.
PAUSED = "Then Run."
#: Said when all were followed.
FOLLOWED = Words("Go on as you like: act here and another branch begins.", keys="? lists the keys.")


def invited_cpu(cpus: int) -> int:
    """The CPU that the invitations speak of, and the forms aim at first."""
    return min(2, cpus - 1)

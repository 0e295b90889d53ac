"""What the machine's page invites a newcomer to do, one after another: the words, and the sign that it was done."""

from typing import Any, NamedTuple

from app.engine.waits import Window
from app.hw.events import Accepted, Merged
from app.hw.gates import FLAG, UPCALL_MASK
from app.web.pages.shortcuts import MACHINE_KEYS, captions


class Invitation(NamedTuple):
    """*words* invite; *channels* do where the guest has no APIC; "" where that is all the same. *at* selects what they
    speak of.

    *sign* is a pattern: ``state`` fits the state, ``event`` an event that has come since the invitation stands there. A
    pattern that is an object fits what has all of its keys with values that fit; one that is a list fits each of its
    values; whatever else fits itself. A list fits when one of its members does."""

    words: str
    channels: str
    at: str
    sign: dict[str, Any]

    @property
    def needs_time(self) -> bool:
        """Nothing comes of it while time stands still."""
        return "live" not in self.sign["state"]


def invitations(cpus: int) -> list[Invitation]:
    """Those to the users of a machine of so many CPUs, in their order."""
    cpu = invited_cpu(cpus)
    whom = f"CPU {cpu}" if cpu else "itself"
    back = f"Go back in time: press Back, or key {' or '.join(captions(MACHINE_KEYS, 'stepBack'))}."
    return [
        Invitation(
            f"Press Send: CPU 0 sends an interrupt to {whom}.",
            f"Press smp_send_reschedule: CPU 0 sends an event to {whom}.",
            "#send-button",
            # Whoever acts ends what the machine does by itself.
            {
                "state": {"demonstration": False},
                "event": {"kind": [Accepted.usual_kind.name, Merged.usual_kind.name], "cpu": cpu},
            },
        ),
        Invitation(
            f"Press IF of CPU {cpu} to hold its interrupts off, and send again: see why it waits.",
            f"Press the mask of CPU {cpu} to hold its upcalls off, and send again: see why it waits.",
            f".well[data-cpu='{cpu}'] .barrier",
            {
                "state": {
                    "cpus": {"cpu": cpu, "window": Window.HELD.value, "why": {"gate": [FLAG.name, UPCALL_MASK.name]}}
                }
            },
        ),
        Invitation(back, "", "#step-back", {"state": {"live": False}}),
    ]


#: Said behind an invitation while time stands still.
PAUSED = "Then Run."
#: Said when all were followed.
FOLLOWED = "Go on as you like: act here and another branch begins. ? lists the keys."


def invited_cpu(cpus: int) -> int:
    """The CPU that the invitations speak of, and the forms aim at first."""
    return min(2, cpus - 1)

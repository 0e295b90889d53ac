"""Every kernel, by the name that commands and the page use, and what people can have them do."""

from collections.abc import Mapping

from app.guest.apic_ops import Generation
from app.guest.functions import GuestFunction
from app.guest.linux_2_6_22.kernel import LINUX_2_6_22
from app.guest.linux_6.kernel import LINUX_6

GENERATIONS: dict[str, Generation] = {generation.name: generation for generation in (LINUX_2_6_22, LINUX_6)}
DEFAULT_GENERATION = LINUX_2_6_22.name
#: What people can have some kernel do, by name.
GUEST_FUNCTIONS: Mapping[str, GuestFunction] = {
    name: row.function for generation in GENERATIONS.values() for name, row in generation.functions.items()
}

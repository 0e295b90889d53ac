"""Every kernel, by the name that commands and the page use."""

from app.guest.apic_ops import Generation
from app.guest.linux_2_6_22.kernel import LINUX_2_6_22
from app.guest.linux_6.kernel import LINUX_6

GENERATIONS: dict[str, Generation] = {generation.name: generation for generation in (LINUX_2_6_22, LINUX_6)}
DEFAULT_GENERATION = LINUX_2_6_22.name

"""What devices tell their machine about themselves, since they know neither it nor each other."""


class Changes:
    """Raised by a device, lowered by the machine that has looked.

    ``configuration``: an APIC may now match other destinations, or accept what it refused. ``timers``: the numbers of
    the CPUs whose timer may expire at another time than before.
    """

    __slots__ = ("configuration", "timers")

    def __init__(self) -> None:
        self.configuration = False
        self.timers: set[int] = set()

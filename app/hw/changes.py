"""What devices tell their machine about themselves, since they know neither it nor each other."""


class Changes:
    """Raised by a device, lowered by the machine that has looked.

    ``configuration``: an APIC may now match other destinations, or accept what it refused. ``timers``: another timer
    may be the next to expire.
    """

    __slots__ = ("configuration", "timers")

    def __init__(self) -> None:
        self.configuration = False
        self.timers = False

"""The time that every device of one machine sees. Whoever drives the machine sets it."""


class Clock:
    """Virtual time in TSC cycles since the machine was made."""

    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = 0

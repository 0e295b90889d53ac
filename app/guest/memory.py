"""Memory of the guest that is no business of its APIC."""


class Word:
    """A word of guest memory that several CPUs watch."""

    __slots__ = ("name", "value")

    def __init__(self, name: str, value: int = 0) -> None:
        self.name = name
        self.value = value

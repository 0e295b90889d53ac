"""Memory of the guest that is no business of its APIC."""


class Word:
    """A word of guest memory that several CPUs watch.

    ``answers`` and ``vector`` say what the value cannot: the CPUs (a mask) that are to write the word, and the
    interrupt that tells them to. ``names_cpus``: the value itself is a mask of those that have not answered yet.
    """

    __slots__ = ("answers", "name", "names_cpus", "value", "vector", "written_by", "written_last")

    def __init__(
        self, name: str, value: int = 0, *, answers: int = 0, vector: int | None = None, names_cpus: bool = False
    ) -> None:
        self.name = name
        self.value = value
        self.answers = answers
        self.vector = vector
        self.names_cpus = names_cpus
        #: The CPUs that have written it (a mask), and the last of them: who took a lock holds it.
        self.written_by = 0
        self.written_last: int | None = None

    def write(self, cpu: int, value: int) -> None:
        """CPU *cpu* writes the word."""
        self.value = value
        self.written_by |= 1 << cpu
        self.written_last = cpu

    @property
    def unanswered(self) -> int:
        """The CPUs (a mask) whose writes are still to come, as far as that is known."""
        return self.value if self.names_cpus else self.answers & ~self.written_by

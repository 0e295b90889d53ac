"""Memory of the guest that is no business of its APIC. Guest code names what lies here, and reads and writes it by
steps and asks alone: ``memory_steps.py`` and ``answers.py`` say what those do.

Each class names in STATE what changes, and in WIRES what is the same for ever.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

#: Where a list of requests ends: no CPU has this number.
NOBODY = -1


class Word:
    """A word of guest memory that several CPUs watch. *names_cpus*: its value is a mask of CPUs that have not answered
    yet."""

    STATE = ("value", "written_by", "written_last")
    WIRES = ("address", "name", "names_cpus")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, name: str, value: int = 0, *, names_cpus: bool = False, address: str = "") -> None:
        self.name = name
        #: What no other word of its kernel has.
        self.address = address or name
        self.value = value
        self.names_cpus = names_cpus
        #: The CPUs that have written it (a mask), and the last of them: who took a lock holds it.
        self.written_by = 0
        self.written_last: int | None = None

    def write(self, cpu: int, value: int) -> None:
        """CPU *cpu* writes the word."""
        self.value = value
        self.written_by |= 1 << cpu
        self.written_last = cpu

    def prepare(self, value: int) -> None:
        """Begins anew with *value*, which nobody has written yet."""
        self.value = value
        self.written_by = 0
        self.written_last = None


class CallData:
    """``struct call_data_struct`` of 2.6.22: the one request of ``smp_call_function`` that there is at a time, under
    ``call_lock``, and how far its receivers are."""

    STATE = ()
    WIRES = ("finished", "started", "wait")
    __slots__ = (*STATE, *WIRES)

    def __init__(self) -> None:
        self.started = Word("call_data.started")
        self.finished = Word("call_data.finished")
        self.wait = Word("call_data.wait")


class CallSingleData:
    """``call_single_data_t``: what one CPU, *source*, asks of another. It is locked from the moment it goes into a
    queue until its receiver has run it."""

    STATE = ("next",)
    WIRES = ("address", "lock", "source")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self.address = f"csd[{source}][{target}]"
        self.lock = Word(f"csd lock[{target}]", address=f"{self.address}.lock")
        #: The source of the request behind it in a list that was taken from a queue.
        self.next = NOBODY


class CallFunctionData:
    """``cfd_data`` of one CPU: its requests, one for each CPU that it may call. Each is made when it is first wanted,
    and is the same for ever: 255 CPUs have 65,025."""

    STATE = ("_requests",)
    WIRES = ("_source",)
    __slots__ = (*STATE, *WIRES)

    def __init__(self, source: int) -> None:
        self._source = source
        self._requests: dict[int, CallSingleData] = {}

    def request_to(self, target: int) -> CallSingleData:
        """``per_cpu_ptr(cfd->csd, target)``."""
        request = self._requests.get(target)
        if request is None:
            request = self._requests[target] = CallSingleData(self._source, target)
        return request

    def under_way(self, awaited: "Collection[Word]") -> "Iterator[tuple[int, CallSingleData]]":
        """The requests that are locked or whose lock is *awaited* by some CPU, each with its target, in the order of
        the targets. Nobody sees what the others hold before they are locked anew."""
        return (
            (target, request)
            for target, request in sorted(self._requests.items())
            if request.lock.value or request.lock in awaited
        )

    def forget(self) -> None:
        """None is under way."""
        self._requests.clear()


class CallSingleQueue:
    """``call_single_queue`` of one CPU (``kernel/smp.c``): what others have asked it to run, the oldest first."""

    STATE = ("requests",)
    WIRES = ("name",)
    __slots__ = (*STATE, *WIRES)

    def __init__(self, cpu: int) -> None:
        self.name = f"call_single_queue[{cpu}]"
        self.requests: list[CallSingleData] = []

"""All the local APIC timers of a machine: which is the next, and what happens when its time has come."""

from collections.abc import Sequence

from app.hw import local_vector_table
from app.hw.cpu import Cpu


def next_deadline(cpus: Sequence[Cpu], now: int) -> int | None:
    """When the next timer expires, in TSC cycles, and not before *now*; None when none runs."""
    deadlines = [cpu.apic.timer.deadline for cpu in cpus if cpu.apic.timer.deadline is not None]
    return max(min(deadlines), now) if deadlines else None


def expire(cpus: Sequence[Cpu], now: int) -> list[Cpu]:
    """Fires every timer whose time has come by *now*. Returns their CPUs."""
    expired = []
    for cpu in cpus:
        timer = cpu.apic.timer
        if timer.deadline is not None and timer.deadline <= now:
            timer.expire(now)
            local_vector_table.expire_timer(cpu.apic)
            expired.append(cpu)
    return expired

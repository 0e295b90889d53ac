"""Who gets a lowest-priority message (SDM vol. 3, "Lowest Priority Delivery Mode").

The manual leaves the choice to the chipset; a profile names one. KVM's is a hash of the vector over the bits of the
destination. Its source: Linux 6.x ``arch/x86/kvm/lapic.c``: ``kvm_recalculate_logical_map``,
``kvm_apic_map_get_logical_dest``, ``kvm_apic_map_get_dest_lapic``, ``kvm_irq_delivery_to_apic``; ``irq_comm.c``:
``kvm_vector_to_index``.
"""

from collections.abc import Sequence
from enum import Enum
from typing import assert_never

from app.hw.cpu import Cpu
from app.hw.local_apic import LocalApic
from app.hw.messages import InterruptMessage
from app.hw.profile import LowestPriorityChoice, Profile
from app.x86.icr import X2APIC_BROADCAST, XAPIC_BROADCAST, DestinationMode, Shorthand
from app.x86.model_specific_registers import ApicMode
from app.x86.units import ApicId, Vector

_FOCUS_CHECKING_OFF = 1 << 9
_FLAT_DFR = 0xFFFF_FFFF
#: Member bit of the destination's cluster to the CPU that has it.
_Slots = dict[int, Cpu]


class Arbiter:
    """Chooses one of several CPUs, and remembers who was chosen when, so that among equals everyone has a turn."""

    STATE = ("_chosen", "_last")
    WIRES = ("_choice", "_cpus")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, profile: Profile, cpus: Sequence[Cpu]) -> None:
        self._cpus = cpus
        self._choice = profile.lowest_priority
        self._chosen = 0
        #: CPU number to when it was chosen last, as a count of choices.
        self._last: dict[int, int] = {}

    def choose(self, message: InterruptMessage, addressed: Sequence[Cpu]) -> Cpu | None:
        """The CPU that *message* goes to, of those that it names; None when nobody gets it. Changes nothing."""
        if self._choice is LowestPriorityChoice.VECTOR_HASH:
            return choose_by_hash(message, self._cpus, addressed)
        if not addressed:
            return None
        enabled = [cpu for cpu in addressed if cpu.apic.software_enabled] or addressed
        match self._choice:
            case LowestPriorityChoice.TASK_PRIORITY:
                return min(enabled, key=lambda cpu: (cpu.apic.tpr >> 4, self._last.get(cpu.number, 0), cpu.number))
            case LowestPriorityChoice.LOWEST_ID:
                return min(addressed, key=lambda cpu: cpu.apic.apic_id)
            case LowestPriorityChoice.ARBITRATION_PRIORITY:
                return self._focus(message.vector, enabled) or min(
                    enabled, key=lambda cpu: (cpu.apic.apr, -cpu.apic.apic_id)
                )
            case unknown:
                assert_never(unknown)

    def _focus(self, vector: Vector, candidates: Sequence[Cpu]) -> Cpu | None:
        """The focus processor: the one that serves this vector or has it pending, unless it does not check for that."""
        for cpu in candidates:
            apic = cpu.apic
            if not apic.svr & _FOCUS_CHECKING_OFF and (vector in apic.isr or vector in apic.irr):
                return cpu
        return None

    def chosen(self, cpu: Cpu) -> None:
        """*cpu* was given a message."""
        self._chosen += 1
        self._last[cpu.number] = self._chosen


# A hash of the vector


def choose_by_hash(message: InterruptMessage, cpus: Sequence[Cpu], named: Sequence[Cpu]) -> Cpu | None:
    """Who of *cpus* gets *message*, which names *named*. None when the hash takes a bit that no enabled APIC has: KVM
    drops the message then.

    Of a logical destination the *bits* are counted, as long as KVM has a map of logical IDs. Without one, and for every
    other destination, the enabled APICs among *named* are.
    """
    logical = message.shorthand is Shorthand.NONE and message.destination_mode is DestinationMode.LOGICAL
    if logical and message.destination != (X2APIC_BROADCAST if message.x2apic else XAPIC_BROADCAST):
        found = _by_map(message, cpus)
        if found is not None:
            bits, slots = found
            return slots.get(bits[message.vector % len(bits)]) if bits else None
    enabled = [cpu for cpu in named if cpu.apic.software_enabled] or named
    return enabled[message.vector % len(enabled)] if enabled else None


def _by_map(message: InterruptMessage, cpus: Sequence[Cpu]) -> tuple[list[int], _Slots] | None:
    """The bits of the destination, lowest first, and who has each; None when KVM cannot keep a map."""
    present = [cpu for cpu in cpus if cpu.apic.mode is not ApicMode.DISABLED]
    if len({cpu.apic.apic_id for cpu in present}) != len(present):
        return None  # two with one physical ID
    members = [cpu for cpu in present if cpu.apic.software_enabled and cpu.apic.logical_id]
    models = {_model(cpu.apic) for cpu in members}
    if not models:
        return [], {}
    if len(models) > 1:
        return None
    (model,) = models
    if model is _Model.X2APIC:  # the map of physical IDs serves for it, which has software-disabled APICs too
        members = present
    slots: dict[tuple[int, int], Cpu] = {}
    for cpu in members:
        identity = _x2apic_id(cpu.apic.apic_id) if model is _Model.X2APIC else cpu.apic.logical_id >> 24
        cluster, mask = _parted(model, identity)
        if mask & (mask - 1) or (cluster, mask) in slots:
            return None  # several bits, or a bit that another one has
        slots[cluster, mask] = cpu
    cluster, mask = _parted(model, message.destination)
    bits = [1 << bit for bit in range(mask.bit_length()) if mask >> bit & 1]
    return bits, {bit: cpu for (own, bit), cpu in slots.items() if own == cluster}


class _Model(Enum):
    """How logical IDs are read: bits above the member bits are the cluster's number."""

    FLAT = 8
    CLUSTER = 4
    X2APIC = 16


def _model(apic: LocalApic) -> _Model:
    if apic.x2apic:
        return _Model.X2APIC
    return _Model.FLAT if apic.dfr == _FLAT_DFR else _Model.CLUSTER


def _x2apic_id(apic_id: ApicId) -> int:
    """The logical ID that belongs to *apic_id* ("Deriving Logical x2APIC ID")."""
    return (apic_id >> 4) << 16 | 1 << (apic_id & 0xF)


def _parted(model: _Model, identity: int) -> tuple[int, int]:
    """The cluster and the member bits of a logical ID, or of a destination."""
    return identity >> model.value, identity & ((1 << model.value) - 1)

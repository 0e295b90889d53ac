"""Holds a vector that a recorded CPU took against what the model would have given it.

The model knows all that messages request. What it cannot know is when local sources fire, so a vector that it does
not have requested may be a timer's or the 8259's; see ``local_sources``. After a difference the model is put where the
recording must be, so that one wrong line is reported once and not for ever.
"""

from collections.abc import Callable

from app.hw.events import Accepted, Acknowledged, ExternalAcknowledged
from app.hw.local_apic import LocalApic
from app.hw.machine import Machine
from app.hw.waiting import why_waiting
from app.trace.check import deviations
from app.trace.check.findings import Findings, VectorDifference
from app.trace.check.local_sources import LocalSources
from app.trace.check.qemu_shadow import ShadowApic
from app.trace.check.unseen import Unseen
from app.trace.operations import VectorTaken
from app.x86 import lvt
from app.x86.icr import DeliveryMode, TriggerMode
from app.x86.registers import Register
from app.x86.units import Vector
from app.x86.vectors import FIRST_LEGAL_VECTOR


class TakenCheck:
    """The vectors' side of a replay."""

    def __init__(
        self,
        machine: Machine,
        findings: Findings,
        sources: LocalSources,
        shadows: list[ShadowApic],
        unseen: Unseen,
        ends_next: Callable[[int], bool],
    ) -> None:
        """``ends_next`` says of a CPU whether the recording has it end an interrupt before it takes another."""
        self._machine = machine
        self._unseen = unseen
        self._ends_next = ends_next
        self._findings = findings
        self._sources = sources
        self._shadows = shadows
        #: CPUs with a timer vector in IRR that is known to be the timer's.
        self._timer_requested: set[int] = set()

    def check(self, operation: VectorTaken, cpu: int) -> str:
        """*cpu* took a vector. Returns in words how the model sees it."""
        apic = self._machine.cpus[cpu].apic
        vector = operation.vector
        self._findings.count_taken(cpu, vector)
        if self._unseen.apics and self._is_unseen(cpu, vector, apic):
            self._findings.vectors_unseen += 1
            return self._take_unseen(cpu, vector, apic)
        self._findings.vectors.checked += 1
        if vector == apic.deliverable():
            apic.acknowledge()
            if cpu in self._timer_requested and vector == self._shadows[cpu].lvt(Register.LVT_TIMER) & 0xFF:
                self._timer_requested.discard(cpu)
                self._findings.timer += 1
            return "as the model has it"
        return self._not_expected(operation, cpu, apic)

    def _not_expected(self, operation: VectorTaken, cpu: int, apic: LocalApic) -> str:
        vector = operation.vector
        if vector in apic.irr:
            return self._differ(operation, cpu, apic, None)
        if self._sources.may_request(cpu, vector) and self._wins(apic, vector):
            return self._take_from_source(operation, cpu, apic)
        deviation = self._shadows[cpu].explain_taken(vector, apic.ppr)
        if deviation is not None:
            return self._differ(operation, cpu, apic, deviation)
        if vector == apic.svr & 0xFF and apic.software_enabled and apic.irr.bits and apic.deliverable() is None:
            apic.acknowledge()
            self._findings.spurious += 1
            return "the spurious vector: what was requested is no longer deliverable"
        if self._sources.may_be_legacy() and not self._shadows[cpu].lvt(Register.LVT_LINT0) & lvt.MASKED:
            return self._take_from_8259(operation, cpu, apic)
        return self._differ(operation, cpu, apic, None)

    def can_take(self, cpu: int, vector: int) -> bool:
        """Whether *cpu* taking *vector* would be explained."""
        apic = self._machine.cpus[cpu].apic
        if vector in apic.irr:
            return vector == apic.deliverable()
        if self._sources.may_request(cpu, vector):
            return self._wins(apic, vector)
        if self._shadows[cpu].explain_taken(vector, apic.ppr) is not None:
            return True
        return self._sources.may_be_legacy() and not self._shadows[cpu].lvt(Register.LVT_LINT0) & lvt.MASKED

    # What is requested unseen

    def _is_unseen(self, cpu: int, vector: int, apic: LocalApic) -> bool:
        """Whether it hangs on something that the recording has not shown whether *cpu* takes *vector* now."""
        if vector == apic.deliverable():
            return False
        if vector in apic.irr:
            return self._unseen.may_be_blocked(cpu)
        if self.can_take(cpu, vector):
            return False
        return self._unseen.may_be_requested(cpu, vector) or self._may_be_local(cpu)

    def _may_be_local(self, cpu: int) -> bool:
        """Whether a local source of *cpu* whose entry has not been seen may have fired."""
        timer = not self._unseen.knows(cpu, Register.LVT_TIMER) and self._sources.may_be_any_timer()
        return timer or self._may_be_unseen_legacy(cpu)

    def _may_be_unseen_legacy(self, cpu: int) -> bool:
        return not self._unseen.knows(cpu, Register.LVT_LINT0) and self._sources.may_be_legacy()

    def _take_unseen(self, cpu: int, vector: int, apic: LocalApic) -> str:
        legacy = self._may_be_unseen_legacy(cpu)
        if not self._unseen.may_be_requested(cpu, vector) and vector not in apic.irr and not legacy:
            # Nothing else is left: it is the timer's, and that tells the timer's entry.
            self._sources.timer_seen(cpu, vector)
            apic.lvt[Register.LVT_TIMER] = vector
            self._sources.requested(cpu, vector)
            self._findings.timer += 1
        level = self._unseen.taken(cpu, vector)
        if legacy and not self._ends_next(cpu):
            self._sources.legacy_taken()
            apic.services.record(ExternalAcknowledged(cpu, Vector(vector)))
            return "not checked"  # the 8259's, which nobody has to end
        if vector not in apic.irr:
            apic.tmr.assign(vector, level)
        self._put_in_service(vector, apic)
        apic.services.record(Acknowledged(cpu, Vector(vector)))
        return "not checked"

    def _put_in_service(self, vector: int, apic: LocalApic) -> None:
        """It was taken, so nothing of its class or above can have been in service any more."""
        for in_service in tuple(apic.isr):
            if in_service >> 4 >= vector >> 4:
                apic.isr.clear(in_service)
        apic.irr.clear(vector)
        if vector >= FIRST_LEGAL_VECTOR:
            apic.isr.set(vector)

    # Where vectors taken are not recorded

    def take_before_eoi(self, cpu: int, level: int | None) -> None:
        """*cpu* ends an interrupt. What it has taken for that is the highest that it could have. *level*: the vector
        that the recording has it tell the I/O APICs."""
        apic = self._machine.cpus[cpu].apic
        timer = self._sources.armed_vector(cpu)
        vector = level
        if vector is None:
            edge = [requested for requested in apic.irr if requested not in apic.tmr]
            vector = max([*edge, *([] if timer is None else [timer])], default=None)
        if vector is None:
            return
        if vector == timer and vector not in apic.irr:
            self.source_requested(cpu, vector)
            self._timer_requested.discard(cpu)
            self._findings.timer += 1
        if level is not None:
            apic.tmr.set(vector)
        self._put_in_service(vector, apic)
        self._findings.count_taken(cpu, vector)
        apic.services.record(Acknowledged(cpu, Vector(vector)))

    def _wins(self, apic: LocalApic, vector: int) -> bool:
        """Whether *vector* would be taken if it were requested now."""
        expected = apic.deliverable()
        above = vector >> 4 > apic.ppr >> 4 and vector >= FIRST_LEGAL_VECTOR
        return apic.software_enabled and above and (expected is None or vector > expected)

    # Local sources

    def may_be_requested(self, cpu: int, vector: int) -> bool:
        """Whether a local source of *cpu* may have requested *vector* without the model knowing."""
        return self._sources.may_request(cpu, vector)

    def source_requested(self, cpu: int, vector: int) -> None:
        """A local source of *cpu* has fired, as is seen now: its vector is requested."""
        apic = self._machine.cpus[cpu].apic
        if self._sources.may_be_timer(cpu, vector):
            self._timer_requested.add(cpu)
            if apic.timer.deadline is not None:
                apic.timer.expire()
        self._sources.requested(cpu, vector)
        apic.irr.set(vector)
        apic.tmr.clear(vector)
        apic.services.record(Accepted(cpu, Vector(vector), DeliveryMode.FIXED, TriggerMode.EDGE, None))

    def _take_from_source(self, operation: VectorTaken, cpu: int, apic: LocalApic) -> str:
        timer = self._sources.may_be_timer(cpu, operation.vector)
        masked = timer and self._forced_mask(cpu, apic, Register.LVT_TIMER)
        self.source_requested(cpu, operation.vector)
        apic.acknowledge()
        self._timer_requested.discard(cpu)
        self._findings.timer += timer
        if masked:
            self._note(operation, cpu, None, deviations.LVT_MASKS_NOT_FORCED)
        return "the local timer has fired" if timer else "a local source has fired"

    def _forced_mask(self, cpu: int, apic: LocalApic, register: Register) -> bool:
        """Whether the model's entry is masked, and QEMU's is not, because of a software disable."""
        return bool(apic.lvt[register] & lvt.MASKED and not self._shadows[cpu].lvt(register) & lvt.MASKED)

    def _take_from_8259(self, operation: VectorTaken, cpu: int, apic: LocalApic) -> str:
        """ExtINT through LINT0 by-passes IRR, ISR and priorities, and needs no EOI.

        In another mode LINT0 has requested its own vector as well, and QEMU lets the 8259 through all the same. So its
        handler runs twice and ends twice, the second time with nothing in service: Linux's "Virtual Wire IRQ".
        """
        self._sources.legacy_taken()
        self._findings.legacy_pic += 1
        self._shadows[cpu].take_legacy()
        apic.services.record(ExternalAcknowledged(cpu, Vector(operation.vector)))
        if self._shadows[cpu].lvt(Register.LVT_LINT0) >> 8 & 7 != DeliveryMode.EXTINT:
            self._note(operation, cpu, apic.deliverable(), deviations.LINT0_ANY_MODE)
        elif self._forced_mask(cpu, apic, Register.LVT_LINT0):
            self._note(operation, cpu, apic.deliverable(), deviations.LVT_MASKS_NOT_FORCED)
        return "from the 8259, through LINT0"

    # Differences

    def _differ(self, operation: VectorTaken, cpu: int, apic: LocalApic, deviation: str | None) -> str:
        expected = apic.deliverable()
        why = self._note(operation, cpu, expected, deviation)
        if operation.vector not in apic.irr and expected is not None and deviation is None:
            # The CPU did take something, and this is what was there: most likely the recorded number is wrong.
            apic.acknowledge()
            return why
        for requested in tuple(apic.irr):
            if requested > operation.vector:
                apic.irr.clear(requested)  # nothing above it can have been requested
        self._put_in_service(operation.vector, apic)
        apic.services.record(Acknowledged(cpu, Vector(operation.vector)))
        self._shadows[cpu].taken(operation.vector)
        return why

    def _note(self, operation: VectorTaken, cpu: int, expected: int | None, deviation: str | None) -> str:
        vector = operation.vector
        if vector in self._machine.cpus[cpu].apic.irr:
            why = why_waiting(self._machine.cpus[cpu], vector)
        else:
            why = "nothing has requested it"
        found = VectorDifference(operation.line, cpu, vector, expected, why, deviation)
        self._findings.vectors.differ(found)
        return deviation or f"not as the model has it: {why}"

"""What QEMU 7.2 does where it does not follow the manual: a shadow of the few registers and rules that differ.

The model follows the manual. When it and a recording differ, the shadow is asked whether QEMU's own rule gives what
was recorded; only then is the difference a known deviation. The rules are QEMU's, not fitted to recordings.
"""

from app.trace.check import deviations
from app.x86 import lvt
from app.x86.register_map import REGISTERS
from app.x86.registers import Register
from app.x86.vectors import FIRST_LEGAL_VECTOR

_LVT_ENTRIES = range(Register.LVT_TIMER, Register.LVT_ERROR + 1, 16)
_ESR_ILLEGAL_ADDRESS = 1 << 7
_SVR_KEPT = 0x1FF
_SVR_FOCUS = 1 << 9
_ID_KEPT = 0xFF00_0000
_WORD_VECTORS = 32
#: How deep handlers are that came through the 8259, and how many interrupts end before the first of them does.
_LEGACY_NESTED = 2
#: LVT timer bits 18:17 from which the manual's other timer modes begin.
_TSC_DEADLINE = 2 << 17

#: Where QEMU's page has a register; elsewhere it notes an illegal address. RRD is missing.
_QEMU_REGISTERS = frozenset(REGISTERS) - {Register.RRD, Register.SELF_IPI}


class ShadowApic:
    """One local APIC of QEMU, as far as it differs from the manual's."""

    __slots__ = ("_legacy_ends", "_legacy_running", "esr", "low_in_service", "requested", "triggers", "written")

    def __init__(self) -> None:
        #: What software wrote last to each register since the last INIT. QEMU keeps most values whole.
        self.written: dict[int, int] = {}
        #: Vectors in QEMU's IRR that the manual's APIC has refused, with the name of the deviation.
        self.requested: dict[int, str] = {}
        #: TMR bits that differ: vector to (bit, name of the deviation).
        self.triggers: dict[int, tuple[bool, str]] = {}
        self.esr = 0
        #: Vectors 0-15 that the CPU has taken and not yet ended; no ISR of the manual's can hold them.
        self.low_in_service = 0
        #: Handlers of vectors that came from the 8259 and by-passed ISR, which may yet write EOI; and how many more
        #: interrupts may end before they must have done so.
        self._legacy_running = self._legacy_ends = 0

    def reset(self) -> None:
        """INIT."""
        self.written.clear()
        self.requested.clear()
        self.triggers.clear()
        self.esr = 0
        self.low_in_service = 0
        self._legacy_running = 0

    def note_access(self, offset: int) -> None:
        """ESR bit 7 is set when QEMU has no register at *offset*."""
        if offset not in _QEMU_REGISTERS:
            self.esr |= _ESR_ILLEGAL_ADDRESS

    # Handlers of the 8259's vectors

    def take_legacy(self) -> None:
        """The CPU takes a vector of the 8259, which no ISR holds. Its handler need not write EOI, but may."""
        self._legacy_running = min(self._legacy_running + 1, _LEGACY_NESTED)
        self._legacy_ends = _LEGACY_NESTED

    def interrupt_ended(self) -> None:
        """An EOI has ended an interrupt in service: one that came during such a handler, or after it."""
        if self._legacy_running:
            self._legacy_ends -= 1
            if not self._legacy_ends:
                self._legacy_running = 0

    def legacy_ended(self) -> bool:
        """An EOI finds nothing in service. Whether it is that of such a handler."""
        if not self._legacy_running:
            return False
        self._legacy_running -= 1
        return True

    def lvt(self, register: int) -> int:
        """QEMU's LVT entry: what was written last, masked or not."""
        return self.written.get(register, lvt.RESET)

    def request(self, vector: int, level: bool, deviation: str) -> None:
        """QEMU sets IRR where the manual does not."""
        self.requested[vector] = deviation
        self.triggers[vector] = (level, deviation)

    # Why a read differs

    def explain_read(self, offset: int, recorded: int, model: int) -> str | None:
        """The deviation that made QEMU answer *recorded* where the model says *model*, or None."""
        if offset in _LVT_ENTRIES:
            return self._explain_lvt(offset, recorded, model)
        if Register.IRR0 <= offset <= Register.IRR7:
            return self._explain_irr((offset - Register.IRR0) // 16, recorded, model)
        if Register.TMR0 <= offset <= Register.TMR7:
            return self._explain_tmr((offset - Register.TMR0) // 16, recorded, model)
        written = self.written.get(offset)
        match offset:
            case Register.ESR:
                return deviations.ESR_AT_ONCE if recorded == self.esr else None
            case Register.ICR_LOW | Register.ICR_HIGH if recorded == written:
                return self._only_reserved(offset, recorded ^ model, deviations.ICR_RESERVED_BITS)
            case Register.SVR if written is not None and recorded == written & _SVR_KEPT == model & ~_SVR_FOCUS:
                return deviations.SVR_FOCUS_BIT
            case Register.ID if written is not None and recorded == written & _ID_KEPT:
                return deviations.ID_WRITABLE
            case Register.TIMER_INITIAL_COUNT if self._unknown_timer_mode() and recorded == (written or 0):
                return deviations.NO_TSC_DEADLINE
        return None

    def _unknown_timer_mode(self) -> bool:
        return bool(self.lvt(Register.LVT_TIMER) & _TSC_DEADLINE)

    def _explain_lvt(self, offset: int, recorded: int, model: int) -> str | None:
        if recorded != self.lvt(offset):
            return None
        difference = recorded ^ model
        if difference == lvt.MASKED and not recorded & lvt.MASKED:
            return deviations.LVT_MASKS_NOT_FORCED
        return self._only_reserved(offset, difference & ~lvt.MASKED, deviations.LVT_RESERVED_BITS)

    def _only_reserved(self, offset: int, difference: int, deviation: str) -> str | None:
        return None if difference & REGISTERS[offset].layout.writable_mask else deviation

    def _explain_irr(self, word: int, recorded: int, model: int) -> str | None:
        return self._explain_bits(word, recorded & ~model, model & ~recorded, self.requested)

    def _explain_tmr(self, word: int, recorded: int, model: int) -> str | None:
        on = {vector: name for vector, (level, name) in self.triggers.items() if level}
        off = {vector: name for vector, (level, name) in self.triggers.items() if not level}
        extra = self._explain_bits(word, recorded & ~model, 0, on)
        missing = self._explain_bits(word, model & ~recorded, 0, off)
        if (recorded & ~model and extra is None) or (model & ~recorded and missing is None):
            return None
        return extra or missing

    def _explain_bits(self, word: int, extra: int, missing: int, causes: dict[int, str]) -> str | None:
        """The cause of the *extra* bits, when each of them has one and none is *missing*."""
        names = [causes.get(word * _WORD_VECTORS + bit) for bit in range(_WORD_VECTORS) if extra >> bit & 1]
        return names[0] if names and all(names) and not missing else None

    # Why a vector is taken

    def explain_taken(self, vector: int, ppr: int) -> str | None:
        """The deviation through which QEMU may have requested *vector*, when its priority lets it pass."""
        if vector in self.requested and (vector >> 4 > ppr >> 4 or (vector < FIRST_LEGAL_VECTOR and not ppr)):
            return self.requested[vector]
        return None

    def taken(self, vector: int) -> None:
        """The CPU has taken *vector*: it is no longer requested."""
        if self.requested.pop(vector, None) and vector < FIRST_LEGAL_VECTOR:
            self.low_in_service += 1

"""How each register of the local APIC is read, by xAPIC offset. Who may read what is in ``register_access``."""

from collections.abc import Callable

from app.hw import local_vector_table
from app.hw.apic_base import ApicMode
from app.hw.arbitration import arbitration_priority
from app.hw.local_apic import LocalApic
from app.hw.profile import LowestPriorityChoice
from app.x86.icr import DELIVERY_STATUS
from app.x86.register_map import REGISTERS
from app.x86.registers import LVT_REGISTERS, Register

Reader = Callable[[LocalApic], int]


def _read_icr_low(apic: LocalApic) -> int:
    low = apic.icr & 0xFFFF_FFFF
    return low | DELIVERY_STATUS if apic.sends_in_flight else low


def _read_apr(apic: LocalApic) -> int:
    arbitrates = apic.profile.lowest_priority is LowestPriorityChoice.ARBITRATION_PRIORITY
    return arbitration_priority(apic) if arbitrates else 0


def _bitmap_reader(name: str, index: int) -> Reader:
    def read(apic: LocalApic) -> int:
        word: int = getattr(apic, name).word(index)
        return word

    return read


def _lvt_reader(register: Register) -> Reader:
    return lambda apic: apic.lvt[register] | local_vector_table.delivery_status(apic, register)


_READERS: dict[int, Reader] = {
    Register.ID: lambda apic: (apic.apic_id & 0xFF) << 24,
    Register.VERSION: lambda apic: apic.profile.version,
    Register.TPR: lambda apic: apic.tpr,
    Register.APR: _read_apr,
    Register.PPR: lambda apic: apic.ppr,
    Register.RRD: lambda apic: 0,
    Register.LDR: lambda apic: apic.logical_id,
    Register.DFR: lambda apic: apic.dfr,
    Register.SVR: lambda apic: apic.svr,
    Register.ESR: lambda apic: apic.esr,
    Register.ICR_LOW: _read_icr_low,
    Register.ICR_HIGH: lambda apic: apic.icr >> 32,
    Register.TIMER_INITIAL_COUNT: lambda apic: apic.timer.initial_count,
    Register.TIMER_CURRENT_COUNT: lambda apic: apic.timer.current_count(apic.clock.now),
    Register.TIMER_DIVIDE: lambda apic: apic.timer.divide_configuration,
    **{register: _lvt_reader(register) for register in LVT_REGISTERS},
    **{0x100 + 16 * index: _bitmap_reader("isr", index) for index in range(8)},
    **{0x180 + 16 * index: _bitmap_reader("tmr", index) for index in range(8)},
    **{0x200 + 16 * index: _bitmap_reader("irr", index) for index in range(8)},
}
_X2APIC_READERS = _READERS | {
    Register.ID: lambda apic: apic.apic_id,
    Register.ICR_LOW: lambda apic: apic.icr,
}
#: What can be read in each mode, and how.
READERS_OF_MODE: dict[ApicMode, dict[int, Reader]] = {
    ApicMode.DISABLED: {},
    ApicMode.XAPIC: {offset: reader for offset, reader in _READERS.items() if REGISTERS[offset].xapic.readable},
    ApicMode.X2APIC: {
        offset: reader for offset, reader in _X2APIC_READERS.items() if REGISTERS[offset].x2apic.readable
    },
}

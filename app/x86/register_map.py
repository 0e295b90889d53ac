"""Every register of the local APIC by its offset: access rights, fields, reset value, meaning, rules.

Source: SDM vol. 3, "Local APIC Register Address Map" and "x2APIC Register Address Space". The model runs on this table.
"""

from app.x86.definitions import RegisterDefinition
from app.x86.identity_registers import IDENTITY
from app.x86.local_table_registers import LOCAL_TABLE
from app.x86.priority_registers import PRIORITY
from app.x86.sending_registers import SENDING
from app.x86.state_registers import STATE
from app.x86.timer_registers import TIMER
from app.x86.vector_registers import EOI, VECTORS

__all__ = ["REGISTERS", "RegisterDefinition"]

_DEFINITIONS = (*IDENTITY, *PRIORITY, *VECTORS, EOI, *STATE, *SENDING, *LOCAL_TABLE, *TIMER)

#: Every register, by offset.
REGISTERS: dict[int, RegisterDefinition] = {
    definition.register: definition for definition in sorted(_DEFINITIONS, key=lambda definition: definition.register)
}

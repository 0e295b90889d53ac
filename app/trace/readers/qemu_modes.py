"""Which CPU went to x2APIC mode, and when: QEMU's ``cpu_set_apic_base`` says what is written, not by whom."""

from collections.abc import Sequence

from app.hw.machine import MAX_XAPIC_CPUS
from app.trace.operations import Operation, RegisterRead, RegisterWrite, X2ApicEntered
from app.x86.model_specific_registers import BOOTSTRAP_PROCESSOR, X2APIC_ENABLE


class ApicBases:
    """Collects the writes that switch x2APIC mode on."""

    def __init__(self) -> None:
        #: Line, time, and whether it was the bootstrap processor.
        self._entered: list[tuple[int, int, bool]] = []

    def written(self, line: int, time: int, value: int) -> None:
        """Some CPU wrote *value* to IA32_APIC_BASE."""
        if value & X2APIC_ENABLE:
            self._entered.append((line, time, bool(value & BOOTSTRAP_PROCESSOR)))

    def entered(self, operations: Sequence[Operation]) -> list[X2ApicEntered]:
        """Each switch with its CPU: the bootstrap processor says so itself. Of the others it is the first that does not
        use its APIC's page afterwards, because in x2APIC mode there is none."""
        last_use: dict[int, int] = {}
        for operation in operations if self._entered else ():
            if isinstance(operation, RegisterRead | RegisterWrite):
                last_use[operation.cpu] = operation.line
        found: list[X2ApicEntered] = []
        switched: set[int] = set()
        for line, time, bootstrap in self._entered:
            cpu = 0
            if bootstrap:
                switched.clear()  # a reset lies between
            else:
                free = (number for number in range(1, MAX_XAPIC_CPUS) if number not in switched)
                cpu = next((number for number in free if last_use.get(number, 0) <= line), 0)
            switched.add(cpu)
            found.append(X2ApicEntered(line, time, cpu))
        return found

"""Vectors of the x86-64 kernel, Linux 6.x (``arch/x86/include/asm/irq_vectors.h``)."""

NMI_VECTOR = 0x02
FIRST_DEVICE_VECTOR = 0x31
LOCAL_TIMER_VECTOR = 0xEC
THERMAL_APIC_VECTOR = 0xFA
CALL_FUNCTION_SINGLE_VECTOR = 0xFB
CALL_FUNCTION_VECTOR = 0xFC
RESCHEDULE_VECTOR = 0xFD
ERROR_APIC_VECTOR = 0xFE
SPURIOUS_APIC_VECTOR = 0xFF

#: What people call these vectors.
VECTOR_NAMES = {
    LOCAL_TIMER_VECTOR: "local timer",
    THERMAL_APIC_VECTOR: "thermal",
    CALL_FUNCTION_SINGLE_VECTOR: "call function single",
    CALL_FUNCTION_VECTOR: "call function",
    RESCHEDULE_VECTOR: "reschedule",
    ERROR_APIC_VECTOR: "APIC error",
    SPURIOUS_APIC_VECTOR: "spurious",
}

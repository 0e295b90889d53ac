"""Vectors of the i386 kernel, Linux 2.6.20 to 2.6.24 (``include/asm-i386/mach-default/irq_vectors.h``)."""

NMI_VECTOR = 0x02
FIRST_DEVICE_VECTOR = 0x31
LOCAL_TIMER_VECTOR = 0xEF
THERMAL_APIC_VECTOR = 0xF0
CALL_FUNCTION_VECTOR = 0xFB
RESCHEDULE_VECTOR = 0xFC
INVALIDATE_TLB_VECTOR = 0xFD
ERROR_APIC_VECTOR = 0xFE
SPURIOUS_APIC_VECTOR = 0xFF

#: What people call these vectors.
VECTOR_NAMES = {
    LOCAL_TIMER_VECTOR: "local timer",
    THERMAL_APIC_VECTOR: "thermal",
    CALL_FUNCTION_VECTOR: "call function",
    RESCHEDULE_VECTOR: "reschedule",
    INVALIDATE_TLB_VECTOR: "invalidate TLB",
    ERROR_APIC_VECTOR: "APIC error",
    SPURIOUS_APIC_VECTOR: "spurious",
}

"""Vectors of the x86-64 kernel, Linux 6.12 (``arch/x86/include/asm/irq_vectors.h``)."""

NMI_VECTOR = 0x02
FIRST_DEVICE_VECTOR = 0x31
LOCAL_TIMER_VECTOR = 0xEC
THERMAL_APIC_VECTOR = 0xFA
CALL_FUNCTION_SINGLE_VECTOR = 0xFB
CALL_FUNCTION_VECTOR = 0xFC
RESCHEDULE_VECTOR = 0xFD
ERROR_APIC_VECTOR = 0xFE
SPURIOUS_APIC_VECTOR = 0xFF
#: System vectors that no function here is about: those whose handler ends the interrupt first (KVM's three, IRQ work,
#: platform IPI), those whose handler does it last (deferred error, threshold, thermal), and those without a handler
#: unless a hypervisor installs one.
EOI_FIRST_VECTORS = (0xF0, 0xF1, 0xF2, 0xF6, 0xF7)
EOI_LAST_VECTORS = (0xF4, 0xF9, THERMAL_APIC_VECTOR)
UNUSED_SYSTEM_VECTORS = (0xED, 0xEE, 0xEF, 0xF3, 0xF5)

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

"""How to record a log that says all that can be checked."""

#: For every QEMU from 5.2 to 11. Under KVM, ``-accel kvm -machine kernel-irqchip=off`` in place of the first two
#: options; there is no record of the vectors taken then.
RECORD_A_LOG = """\
qemu-system-x86_64 -accel tcg,thread=single -cpu qemu64,-x2apic -smp 4 … \\
    -d int -msg timestamp=on -D apic.log \\
    -trace 'memory_region_ops_*' -trace 'ioapic_*' -trace apic_local_deliver -trace apic_deliver_irq \\
    -trace cpu_set_apic_base"""

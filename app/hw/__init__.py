"""Local APICs, I/O APIC, bus and CPUs. They say what travels, never when it arrives."""

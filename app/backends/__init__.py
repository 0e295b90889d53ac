"""Ways for a guest to reach its APIC, and what each step costs."""

"""Two machines on one stimulus: lock-step, and their interrupts side by side."""

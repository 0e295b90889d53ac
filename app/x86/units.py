"""What a whole number counts or names, where mixing two of them up would be a mistake.

They are types for the checker alone: at run time each is an ``int``. A number gets its unit where it comes in.
"""

from typing import NewType

#: TSC cycles: how long something takes, or a moment as the cycles since the machine was made.
Cycles = NewType("Cycles", int)
#: Things that have happened since a machine was made (``engine/journal``): how many, or the number of one, from 1.
Tick = NewType("Tick", int)
#: An interrupt vector, 0 to 255.
Vector = NewType("Vector", int)
#: A physical APIC ID: 8 bits in xAPIC mode, 32 in x2APIC mode.
ApicId = NewType("ApicId", int)

"""A slow and obvious second model of local APICs and one I/O APIC, written from the rules alone."""

from .machine import ObviousMachine

__all__ = ["ObviousMachine"]

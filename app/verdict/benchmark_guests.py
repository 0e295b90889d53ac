"""The programs behind published figures, written again as guest code over the kernel's own table of operations.

Source: Yury Norov's ``ipi_benchmark`` (LKML, December 2017), which the commits of 2018 to 2022 quote; kvm-unit-tests
``x86/vmexit.c`` (``ipi``), ``lib/x86/smp.c`` (``on_cpu``).
"""

from collections.abc import Callable
from dataclasses import replace

from app.guest.apic_ops import Context, Generation, Handler
from app.guest.functions import GuestFunction, KernelFunction, by_name
from app.guest.linux_6 import smp
from app.guest.linux_6.kernel import LINUX_6, X2APIC_CLUSTER_OPERATIONS, X2APIC_PHYS_OPERATIONS
from app.guest.steps import MemoryWrite, SpinUntil, Steps, Word
from app.x86.icr import Icr

#: How often each program does its thing; its figure is the mean.
ROUNDS = 4
_IPI_VECTOR = 0x20
_TARGET = 1


def normal_ipi(context: Context) -> Steps[None]:
    """``ipi_benchmark``, "Normal IPI": has one other CPU run a function, and waits for it."""
    for _ in range(ROUNDS):
        yield from smp.smp_call_function_single(context, _TARGET, wait=True)


def broadcast_ipi(context: Context) -> Steps[None]:
    """``ipi_benchmark``, "Broadcast IPI": has every other CPU run a function, and waits for all of them."""
    for _ in range(ROUNDS):
        yield from smp.smp_call_function(context, wait=True)


def poll_idle(context: Context) -> Steps[None]:
    """``idle=poll``: a CPU that waits without halting."""
    yield SpinUntil(Word("need_resched"), 1)


class _OnCpu:
    """``on_cpu(1, nop, NULL)`` of kvm-unit-tests, and the handler at the other end."""

    def __init__(self) -> None:
        self._done = Word("ipi_done")

    def send(self, context: Context) -> Steps[None]:
        """Clears the flag, sends, and waits until the flag is set."""
        operations = context.operations
        for _ in range(ROUNDS):
            yield MemoryWrite(self._done, 0)
            if operations.icr_write is LINUX_6.xapic.icr_write:
                yield from operations.apic_read(0x300)  # xapic_icr_write waits until ICR is idle
            yield from operations.icr_write(context, Icr(_IPI_VECTOR).low(), _TARGET)
            yield SpinUntil(self._done, 1)

    def handle(self, context: Context, vector: int) -> Steps[None]:
        """Runs the function, which does nothing; sets the flag; ends the interrupt."""
        yield MemoryWrite(self._done, 1)
        yield from context.operations.eoi(context)


def benchmark_guest() -> Generation:
    """Linux 6 with the programs among its functions, fresh: nothing of another run is left in its words."""
    on_cpu = _OnCpu()

    def handler_of(vector: int) -> Handler:
        return on_cpu.handle if vector == _IPI_VECTOR else LINUX_6.handler_of(vector)

    programs = by_name(
        KernelFunction(GuestFunction("normal_ipi"), normal_ipi),
        KernelFunction(GuestFunction("broadcast_ipi"), broadcast_ipi),
        KernelFunction(GuestFunction("poll_idle"), poll_idle),
        KernelFunction(GuestFunction("on_cpu"), on_cpu.send),
    )
    return replace(LINUX_6, functions={**LINUX_6.functions, **programs}, handler_of=handler_of)


# The drivers of the kernels that were measured, where they differ from today's. A guest without interrupt remapping has
# physical destinations then as now.


def send_ipi_allbutself_by_mask(context: Context, vector: int) -> Steps[None]:
    """Before 5.4 no x2APIC driver used the shorthand: everyone else was a mask like any other."""
    everyone_else = context.kernel.online_mask & ~(1 << context.number)
    yield from context.operations.send_ipi_mask(context, everyone_else, vector)


def send_ipi_to_one_by_mask(context: Context, cpu: int, vector: int) -> Steps[None]:
    """``flat_send_IPI`` of an xAPIC guest: a mask of one, which under KVM is a hypercall like any other mask."""
    yield from context.operations.send_ipi_mask(context, 1 << cpu, vector)


#: What a benchmark's kernel had in its table instead of today's entries.
Driver = tuple[tuple[str, Callable[..., Steps[None]]], ...]
BY_MASK_4_18: Driver = (("send_ipi_allbutself", send_ipi_allbutself_by_mask),)
_SENDS = ("send_ipi", "send_ipi_mask")
X2APIC_PHYS_4_18: Driver = (*((name, getattr(X2APIC_PHYS_OPERATIONS, name)) for name in _SENDS), *BY_MASK_4_18)
X2APIC_CLUSTER_4_18: Driver = (*((name, getattr(X2APIC_CLUSTER_OPERATIONS, name)) for name in _SENDS), *BY_MASK_4_18)
ONE_BY_MASK: Driver = (("send_ipi", send_ipi_to_one_by_mask),)

"""The guest functions that can be called for a given number of targets, by the names of both kernels."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from app.guest.apic_ops import Context
from app.guest.cpumask import cpus_of
from app.guest.linux_2_6_22 import smp as smp_2_6_22
from app.guest.linux_6 import smp as smp_6
from app.guest.steps import Steps

#: Runs the function on a CPU for a mask of targets.
OnMask = Callable[[Context, int], Steps[None]]


class MeasuredFunction(NamedTuple):
    """One request of the kernel's, by its oldest name, with what it is called and does in each generation."""

    name: str
    other_names: tuple[str, ...]
    by_generation: Mapping[str, OnMask]


def _reschedule_2_6_22(context: Context, mask: int) -> Steps[None]:
    for cpu in cpus_of(mask):
        yield from smp_2_6_22.smp_send_reschedule(context, cpu)


def _reschedule_6(context: Context, mask: int) -> Steps[None]:
    for cpu in cpus_of(mask):
        yield from smp_6.smp_send_reschedule(context, cpu)


def _send_ipi_mask(context: Context, mask: int) -> Steps[None]:
    return context.operations.send_ipi_mask(context, mask, context.kernel.generation.reschedule_vector)


_FUNCTIONS = (
    MeasuredFunction(
        "smp_call_function",
        ("smp_call_function_mask", "smp_call_function_many", "smp_call_function_single"),
        {
            "linux-2.6.22": lambda context, mask: smp_2_6_22.smp_call_function_mask(context, mask, True),
            "linux-6": lambda context, mask: smp_6.smp_call_function_many_cond(context, mask, True),
        },
    ),
    MeasuredFunction(
        "flush_tlb_others",
        ("flush_tlb_multi",),
        {"linux-2.6.22": smp_2_6_22.flush_tlb_others, "linux-6": smp_6.flush_tlb_multi},
    ),
    MeasuredFunction(
        "smp_send_reschedule",
        ("arch_smp_send_reschedule",),
        {"linux-2.6.22": _reschedule_2_6_22, "linux-6": _reschedule_6},
    ),
    MeasuredFunction("send_ipi_mask", ("send_IPI_mask",), {"linux-2.6.22": _send_ipi_mask, "linux-6": _send_ipi_mask}),
)
#: By every name that a kernel has for it.
MEASURED_FUNCTIONS: dict[str, MeasuredFunction] = {
    name: function for function in _FUNCTIONS for name in (function.name, *function.other_names)
}

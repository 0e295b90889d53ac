"""The functions of a kernel that people can have called: what each means, in every kernel that has it.

How a kernel does it stands in its own table, ``linux_*/kernel.py``; what only one kernel has can stand there whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from app.guest.apic_ops import Context, absent
from app.guest.cpumask import cpus_of
from app.guest.places import Place
from app.guest.steps import Steps
from app.x86.icr import DeliveryMode


class Argument(Enum):
    """What a guest function can take. The value is the argument's name in a call."""

    #: A CPU; the next one where none is named.
    TARGET = "target"
    #: One bit per CPU; where no mask is named the target alone, and all other CPUs where no target is named either.
    MASK = "mask"
    #: 0 to 255; the kernel's reschedule vector where none is named.
    VECTOR = "vector"
    #: Whether to wait until the other CPUs are done; yes where nothing is said.
    WAIT = "wait"


class Whom(Enum):
    """Whom a guest function interrupts that takes no targets."""

    OTHERS = "others"
    ITSELF = "itself"


class CallArguments(NamedTuple):
    """What a call names. None: not named, and ``Argument`` says what that means."""

    target: int | None = None
    mask: int | None = None
    vector: int | None = None
    wait: bool = True


class Example(NamedTuple):
    """A call that the page of guest functions shows step by step: from CPU 0 of 4."""

    title: str
    arguments: CallArguments = CallArguments()


@dataclass(frozen=True, slots=True)
class GuestFunction:
    """What people can have a kernel do, by the name that its oldest kernel has for it."""

    name: str
    arguments: tuple[Argument, ...] = ()
    sentence: str = ""
    #: Whom it interrupts, where it takes neither a target nor a mask; None: nobody, or those that it takes.
    whom: Whom | None = None
    #: It waits for other CPUs, and so for ever when one of them is held off.
    waits: bool = False
    #: It writes ICR itself, below all that a hypervisor without APICs replaces: over event channels it never runs.
    writes_icr: bool = False
    #: Why the target cannot be the calling CPU, with a place for {cpu}; "" where it can.
    refuses_caller: str = ""
    #: The arguments that the page's form gives it; None: the form does not offer it.
    form: tuple[Argument, ...] | None = None
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class KernelFunction:
    """How one kernel does it."""

    function: GuestFunction
    #: The generator function: for the context of the calling CPU, and for the function's arguments in their order.
    code: Callable[..., Steps[None]]
    #: Where it stands in the kernel. None where the page shows what stands in the table of operations instead (then
    #: ``places.py`` or the back end says where that is), or nothing.
    place: Place | None = None
    #: The vector by which it interrupts other CPUs, or the delivery mode where that has none; None: the vector that it
    #: is given.
    interrupts_by: int | DeliveryMode | None = None
    #: The same for a mask of CPUs, as ``compare`` measures it; None: it is not measured.
    measured: Callable[[Context, int], Steps[None]] | None = None
    #: Names under which ``compare`` knows it, too.
    other_names: tuple[str, ...] = ()

    def begin(self, context: Context, call: CallArguments) -> Steps[None]:
        """The generator that runs it on the CPU of *context*."""
        return self.code(context, *(_value(argument, context, call) for argument in self.function.arguments))


def _value(argument: Argument, context: Context, call: CallArguments) -> int:
    kernel = context.kernel
    match argument:
        case Argument.TARGET:
            return (context.number + 1) % kernel.cpu_count if call.target is None else call.target
        case Argument.MASK if call.mask is not None:
            return call.mask
        case Argument.MASK if call.target is not None:
            return 1 << call.target
        case Argument.MASK:
            return kernel.online_mask & ~(1 << context.number)
        case Argument.VECTOR:
            return kernel.generation.reschedule_vector if call.vector is None else call.vector
        case Argument.WAIT:
            return call.wait


def interrupted_by(function: GuestFunction, cpu: int, call: CallArguments, cpu_count: int) -> list[int]:
    """The CPUs that *function* means to interrupt, called so by *cpu*, all of them being online."""
    others = [one for one in range(cpu_count) if one != cpu]
    if Argument.TARGET in function.arguments:
        return [(cpu + 1) % cpu_count if call.target is None else call.target]
    if Argument.MASK in function.arguments and call.mask is not None:
        return [one for one in range(cpu_count) if call.mask >> one & 1]
    if Argument.MASK in function.arguments:
        return others if call.target is None else [call.target]
    match function.whom:
        case Whom.OTHERS:
            return others
        case Whom.ITSELF:
            return [cpu]
        case None:
            return []


def by_name(*functions: KernelFunction) -> dict[str, KernelFunction]:
    """A kernel's table."""
    return {row.function.name: row for row in functions}


# What every kernel has


_VECTOR, _NMI = 0x51, 2
SMP_CALL_FUNCTION = GuestFunction(
    "smp_call_function",
    (Argument.WAIT,),
    "Has every other CPU run a function, and waits for them.",
    whom=Whom.OTHERS,
    waits=True,
    form=(),
    examples=(Example("Have all others run a function"),),
)
SMP_CALL_FUNCTION_SINGLE = GuestFunction(
    "smp_call_function_single",
    (Argument.TARGET, Argument.WAIT),
    "Has one other CPU run a function, and waits for it.",
    waits=True,
    form=(Argument.TARGET,),
)
SMP_SEND_RESCHEDULE = GuestFunction(
    "smp_send_reschedule",
    (Argument.TARGET,),
    "Makes another CPU look at its run queue.",
    form=(Argument.TARGET,),
    examples=(Example("Wake CPU 1", CallArguments(target=1)),),
)
FLUSH_TLB_OTHERS = GuestFunction(
    "flush_tlb_others",
    (Argument.MASK,),
    "Has the other CPUs drop their translations, and waits for them.",
    waits=True,
    form=(),
    examples=(Example("Have CPUs 1 and 2 drop their translations", CallArguments(mask=0b0110)),),
)
SEND_IPI = GuestFunction(
    "send_ipi",
    (Argument.TARGET, Argument.VECTOR),
    "An IPI to one CPU.",
    examples=(Example("Send to CPU 1", CallArguments(target=1, vector=_VECTOR)),),
)
SEND_IPI_SELF = GuestFunction(
    "send_ipi_self",
    (Argument.VECTOR,),
    "An IPI to the CPU itself, by shorthand.",
    whom=Whom.ITSELF,
    form=(Argument.VECTOR,),
    examples=(Example("Send to itself", CallArguments(vector=_VECTOR)),),
)
SEND_IPI_ALLBUTSELF = GuestFunction(
    "send_ipi_allbutself",
    (Argument.VECTOR,),
    "An IPI to all others, by shorthand: one write, however many they are.",
    whom=Whom.OTHERS,
    form=(Argument.VECTOR,),
    examples=(
        Example("Send to all other CPUs, of 4", CallArguments(vector=_VECTOR)),
        Example("Send an NMI to all other CPUs", CallArguments(vector=_NMI)),
    ),
)
SEND_IPI_MASK = GuestFunction(
    "send_ipi_mask",
    (Argument.MASK, Argument.VECTOR),
    "An IPI to a set of CPUs, in the way of this kernel.",
    form=(Argument.MASK, Argument.VECTOR),
    examples=(
        Example("Send to CPUs 1, 2 and 3, as a mask", CallArguments(mask=0b1110, vector=_VECTOR)),
        Example("Send an NMI to CPUs 1 and 2, as a mask", CallArguments(mask=0b0110, vector=_NMI)),
    ),
)
DO_BOOT_CPU = GuestFunction(
    "do_boot_cpu",
    (Argument.TARGET,),
    "Boots another CPU anew: INIT, then two start-up IPIs.",
    writes_icr=True,
    refuses_caller="must be another CPU: CPU {cpu} is online, and cpu_up() answers -EINVAL",
    form=(Argument.TARGET,),
    examples=(Example("Start CPU 1: the CPU that does it", CallArguments(target=1)),),
)


# The entries of the table of operations, and what is measured of them: the same code in every kernel


def send_ipi(context: Context, cpu: int, vector: int) -> Steps[None]:
    """To one CPU. A kernel without an entry for that (2.6.22) sends to a mask of one."""
    if context.operations.send_ipi is absent:
        yield from context.operations.send_ipi_mask(context, 1 << cpu, vector)
    else:
        yield from context.operations.send_ipi(context, cpu, vector)


def send_ipi_self(context: Context, vector: int) -> Steps[None]:
    """To the CPU that asks."""
    yield from context.operations.send_ipi_self(context, vector)


def send_ipi_allbutself(context: Context, vector: int) -> Steps[None]:
    """To every other CPU."""
    yield from context.operations.send_ipi_allbutself(context, vector)


def send_ipi_mask(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs."""
    yield from context.operations.send_ipi_mask(context, cpumask, vector)


def reschedule_by_mask(context: Context, cpumask: int) -> Steps[None]:
    """The kernel's reschedule vector, to a set of CPUs at once."""
    yield from context.operations.send_ipi_mask(context, cpumask, context.kernel.generation.reschedule_vector)


def reschedule_each(context: Context, cpumask: int) -> Steps[None]:
    """``smp_send_reschedule`` for one CPU after the other."""
    for cpu in cpus_of(cpumask):
        yield from context.operations.smp_send_reschedule(context, cpu)

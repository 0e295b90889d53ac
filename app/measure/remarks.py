"""What has to be known beside the numbers of a comparison, in sentences."""

from collections.abc import Sequence

from app.backends.backend import Backend, remark_on
from app.backends.catalogue import backend
from app.costs.sheet import CostSheet
from app.hw.machine import MAX_CPUS
from app.measure.comparison import Row
from app.measure.scenarios import Scenario
from app.measure.workloads import FunctionCall, Workload
from app.trace.check.census import Accessed, Census
from app.x86.registers import Register


def remarks(workload: Workload, rows: Sequence[Row], sheet: CostSheet) -> tuple[str, ...]:
    """The assumptions behind *rows*, which *sheet* prices, the widest first."""
    found: list[str]
    match workload:
        case FunctionCall(_, targets):
            found = _of_run() + _of_call(targets)
        case Scenario():
            found = [
                *_of_run(),
                "Idle CPUs halt, so most deliveries wake their target, which saves the kick out of the guest.",
            ]
        case Census():
            found = _of_recording(workload, [backend(row.backend, row.generation) for row in rows])
    lesser = [f"{row.backend} runs {remark_on(row.lacks, sheet)}." for row in rows if row.lacks]
    return (
        *found,
        *_of_polling(rows),
        *_of_unused(rows),
        *lesser,
        *_of_kernels(rows, recorded=isinstance(workload, Census)),
    )


def _of_run() -> list[str]:
    return [
        "Cycles are work on interrupts of all CPUs: waiting costs nothing. Leaving the guest to halt is work.",
        "No timer is armed, so the timer's share is 0.",
    ]


def _of_call(targets: int) -> list[str]:
    if targets == 1:
        meant = "one of the others is meant"
    elif targets == MAX_CPUS - 1:
        meant = "all others are meant, which a kernel may send by shorthand"
    else:
        meant = f"{targets} of the others are meant, as a mask"
    return [
        f"A machine of {MAX_CPUS} CPUs: {meant}. All run and poll (idle=poll), so each delivery finds a running guest.",
        "That Linux spares an idle CPU that polls the IPIs for a reschedule and for a call of one CPU is left out.",
    ]


def _of_unused(rows: Sequence[Row]) -> list[str]:
    """Ways of its own that a row is named for and never took: its figures say nothing of what these would save."""
    return [
        f"{row.backend}: this work never uses {feature.name}, meant for {feature.takes}."
        for row in rows
        for feature in row.unused
    ]


def _of_polling(rows: Sequence[Row]) -> list[str]:
    """Why guests that do the same reach for the APIC more often here than there; nothing where they do not."""
    if len({row.polls for row in rows}) < 2:
        return []
    polling = [f"{row.polls:,} under {row.backend}" for row in rows if row.polls]
    return [
        f"Of the accesses, {' and '.join(polling)} read ICR's delivery status again because the message before was "
        "still under way: a sender that comes back sooner polls more often. Elsewhere it is idle, or nobody "
        "looks; on a virtual-APIC page it is never set."
    ]


def _of_kernels(rows: Sequence[Row], *, recorded: bool) -> list[str]:
    kernels = sorted({row.generation for row in rows})
    if len(kernels) < 2:
        return []
    running = [
        f"{kernel} under {', '.join(row.backend for row in rows if row.generation == kernel)}" for kernel in kernels
    ]
    found = [f"The guest is {'; '.join(running)}."]
    if not recorded:
        found.append(
            "Different kernels ask for different things: “per native” is against native-xapic of the row's own kernel."
        )
    return found


def _of_recording(census: Census, backends: Sequence[Backend]) -> list[str]:
    found = [
        f"Of the writes to ICR, {census.single:,} name one CPU, {census.masks:,} several by a mask and "
        f"{census.shorthands:,} by shorthand. Sends to one CPU after another are not merged into masks.",
        f"Whom an IPI is for is the recording's, how it is addressed the kernel's: {census.logical:,} were recorded "
        "with a logical destination, as linux-2.6.22 has up to 8 CPUs; linux-6 names one APIC ID after the other, or "
        "under native-x2apic a cluster of 16.",
        "Deliveries are priced as into a running guest: that one had halted is not in the recording, nor that it left "
        "the guest to halt, nor what handlers did apart from their APIC.",
    ]
    if census.unexplained:
        found.append(f"The model does not explain {census.unexplained:,} of its lines; `apicscope replay` lists them.")
    found += [f"Of the recording: {limit.says}." for limit in census.limits]
    if not all(each.sends_by_halves for each in backends):
        found.append(
            "Where sends do not go through the two halves of ICR, reads of its delivery status "
            f"({census.kinds[Accessed(Register.ICR_LOW, False)]:,}) and writes of its upper half "
            f"({census.kinds[Accessed(Register.ICR_HIGH, True)]:,}) vanish."
        )
    if any(each.x2apic for each in backends):
        found.append("In x2APIC mode writes of LDR and DFR vanish too: hardware derives the one and has no other.")
    if any(each.definition.shares_eoi_word for each in backends):
        found.append(
            f"A shared EOI word spares {census.spared:,} of {census.eois:,} EOIs: where one interrupt was in service, "
            "none waited, none was level-triggered, and nothing made the guest exit in between."
        )
    return [*found, *(remark for each in backends for remark in each.definition.recording_remarks)]

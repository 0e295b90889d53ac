"""Dan Arai's three claims, each with what the numbers say to it. Every sentence follows from the evidence."""

from app.backends.catalogue import backend as backend_of
from app.guest.generations import GENERATIONS
from app.verdict.code import overriding, touching
from app.verdict.evidence import (
    BOOT,
    BROADCAST,
    DEVICES,
    EMULATED,
    IPI,
    OF_THE_ARGUMENT,
    REGISTERS,
    REPLACED,
    STORM,
    THEN,
    Evidence,
)
from app.verdict.judgement import Claim, Finding, Tone
from app.verdict.tables import access_table, broadcasts, code_table, comparison_table, parts_table
from app.verdict.words import (
    LITTLE,
    MUCH,
    NOTICEABLE,
    changed,
    cheaper,
    cycles,
    duration,
    percent,
    row_of,
    share,
    times,
)

ARAI = "Dan Arai, VMware"
_DOZENS = 24


def emulation_is_enough(found: Evidence) -> Claim:
    """Claim 1: what there is works, and replacing it gains little."""
    boot = found.then[BOOT]
    return Claim(
        key="enough",
        title="Emulation is there, and good enough",
        speaker=ARAI,
        quotations=(
            "APIC emulation isn't a huge bottleneck on most workloads.",
            "isn't going to improve performance very much, so why bother?",
        ),
        test=f"It holds if emulation takes less than {percent(NOTICEABLE)} of one CPU's time in a real boot, and if "
        f"replacing it saves less than that. Of the work on interrupts alone, less than {percent(LITTLE)} is "
        "little and "
        f"{percent(MUCH)} or more is much.",
        tables=(comparison_table("The recorded boot of Linux on 4 CPUs, priced again", boot, EMULATED),),
        findings=(*_time_of_boot(found), _storm(found)),
        cannot_say=(
            "The recording is of QEMU's own emulation, in one thread: what was done to the APICs is exact, and "
            "the time it "
            "took is not that of any hardware.",
            "One boot with a short load is not “most workloads”, and what the handlers did beside their APIC is "
            "not in it.",
        ),
    )


def _time_of_boot(found: Evidence) -> tuple[Finding, ...]:
    boot, a_second = found.then[BOOT], found.sheet.gigahertz * 1e9
    emulated, replaced = row_of(boot, EMULATED).cycles, row_of(boot, REPLACED).cycles
    taken, saved = emulated / a_second, (emulated - replaced) / a_second
    part, gain = share(taken, found.boot_seconds), share(saved, found.boot_seconds)
    bottleneck = part >= NOTICEABLE
    spent = Finding(
        f"Emulated, the boot's {row_of(boot, EMULATED).work.accesses:,} APIC accesses and {boot.eois:,} "
        "interrupts take "
        f"{cycles(emulated)}: {duration(taken)} at {found.sheet.gigahertz:g} GHz, {percent(part)} of one CPU over the "
        f"{duration(found.boot_seconds)} that the recording lasted. At that pace it is "
        f"{'a' if bottleneck else 'no'} bottleneck.",
        Tone.AGAINST if bottleneck else Tone.FOR,
    )
    limit = Finding(
        f"That recording is slow. A machine that did all of it in {duration(taken / NOTICEABLE)} would spend "
        f"{percent(NOTICEABLE)} of one CPU on it; in less time, more.",
        Tone.OPEN,
    )
    if saved <= 0:
        return spent, limit, Finding(f"Replacing everything takes {changed(emulated, replaced)} cycles.", Tone.FOR)
    gained = Finding(
        f"Replacing everything saves {percent(share(emulated - replaced, emulated))} of those cycles, and "
        f"{percent(gain)} of the time.",
        Tone.AGAINST if gain >= NOTICEABLE else Tone.FOR,
    )
    return spent, limit, gained


def _storm(found: Evidence) -> Finding:
    storm = found.then[STORM]
    emulated, replaced = row_of(storm, EMULATED).cycles, row_of(storm, REPLACED).cycles
    saving = share(emulated - replaced, emulated)
    words = f"Where a workload is nothing but interrupts between {storm.cpus} CPUs, replacing everything takes "
    if saving <= 0:
        return Finding(f"{words}{changed(emulated, replaced)} cycles.", Tone.FOR)
    size = "much" if saving >= MUCH else "little" if saving < LITTLE else "something"
    tone = {"much": Tone.AGAINST, "little": Tone.FOR, "something": Tone.OPEN}[size]
    return Finding(f"{words}{changed(emulated, replaced)} cycles. That is {size}.", tone)


def real_devices(found: Evidence) -> Claim:
    """Claim 2: real devices need real drivers."""
    devices = found.then[DEVICES]
    served = sorted(set(found.devices_served.values()))
    alike = len(served) == 1
    counted = f"{served[0]:,}" if alike else ", ".join(f"{name} {n}" for name, n in found.devices_served.items())
    emulated, replaced = row_of(devices, EMULATED), row_of(devices, REPLACED)
    untouched = all("do_irq" not in row.replaced_functions for row in devices.rows)
    reach = Finding(
        f"{'All' if alike else 'Not all'} {len(OF_THE_ARGUMENT)} ways bring the same device interrupts "
        f"({counted}) to "
        f"the kernel's own do_irq, which {'none of them replaces' if untouched else 'some of them replace'}.",
        Tone.OPEN,
    )
    price = Finding(
        f"A device's interrupt takes {cycles(emulated.cycles / devices.eois)} and "
        f"{emulated.work.exits / devices.eois:.1f} "
        f"exits emulated, {cycles(replaced.cycles / devices.eois)} and {replaced.work.exits / devices.eois:.1f} "
        "exits over "
        "event channels, its handler included.",
        Tone.OPEN,
    )
    return Claim(
        key="devices",
        title="Some guests get real devices",
        speaker=ARAI,
        quotations=("will be given direct access to hardware devices, and will need to run the actual driver",),
        test="Whether such guests exist is no matter of cycles: no number here speaks for or against it. What "
        "can be shown "
        "is whose interrupt path the driver ends up on.",
        tables=(comparison_table(f"{devices.eois} interrupts of devices, edge and level", devices, EMULATED),),
        findings=(reach, price),
        cannot_say=(
            "The model has no drivers: a device's handler is one price of the sheet, the same under every back end.",
            "That today's guests get whole devices is history, and no result of this experiment.",
        ),
    )


def override_two(found: Evidence) -> Claim:
    """Claim 3: one kernel, two operations overridden."""
    return Claim(
        key="two",
        title="One kernel: override the register, not the functions",
        speaker=ARAI,
        quotations=(
            "we really just want to override apic_read and apic_write",
            "This is a whole lot of useless code duplication.",
        ),
        test="It holds if overriding two operations repeats less code than overriding what is above them, if a "
        "call then "
        "costs less than a trapped access, and if that shows in an IPI, an EOI and a broadcast. It does not hold where "
        "the hypervisor is entered as often as before.",
        tables=(
            code_table(),
            access_table(found),
            parts_table("What the kernel's own requests come to, by what it went to", found),
        ),
        findings=(
            _duplication(),
            _left_alone(),
            _price_of_access(found),
            *_prices_of_requests(found),
            _crossings(found),
        ),
        cannot_say=(
            "Lines are counted in this model's Python, which follows the kernel function by function: "
            "proportions carry "
            "over, sizes do not.",
            "How hard code is to maintain is not in its length.",
        ),
    )


def _duplication() -> Finding:
    kernel = touching(GENERATIONS[THEN])
    functions = len(kernel.directly) + len(kernel.indirectly)
    own = overriding(backend_of(REGISTERS, THEN))
    dozens = "dozens, as the message says" if functions >= _DOZENS else "fewer than the message's dozens"
    return Finding(
        f"Above the two, {functions} functions of this 2.6.22 end in them ({dozens}), {len(kernel.directly)} of these "
        f"directly. Overridden one by one, {kernel.lines} lines would be written again for another access inside; "
        f"{REGISTERS} is {own.lines}.",
        Tone.FOR if kernel.lines > own.lines else Tone.AGAINST,
    )


def _left_alone() -> Finding:
    """What one kernel for both worlds has in common in both."""
    two, all_of_it = (backend_of(name, THEN) for name in (REGISTERS, REPLACED))
    entries = len(two.native.entries())
    left, other = entries - len(two.overrides), entries - len(all_of_it.overrides)
    return Finding(
        f"One kernel runs natively and paravirtualised either way. Of the {entries} operations in its table "
        f"{REGISTERS} "
        f"leaves {left} as they are on hardware, {REPLACED} {other or 'none'}. The message names two; the third that "
        f"{REGISTERS} replaces, startup_ipi_hook, tells in what state a CPU is to begin, which no register holds.",
        Tone.FOR if left > other else Tone.AGAINST,
    )


def _price_of_access(found: Evidence) -> Finding:
    (trapped, _), (called, _) = found.access[EMULATED], found.access[REGISTERS]
    return Finding(
        f"An access costs {cycles(trapped)} trapped and {cycles(called)} as a call: {changed(trapped, called)}.",
        cheaper(trapped, called),
    )


def _prices_of_requests(found: Evidence) -> tuple[Finding, ...]:
    ipi, broadcast, calls = found.then[IPI], found.then[BROADCAST], broadcasts(found)
    emulated, called = row_of(ipi, EMULATED), row_of(ipi, REGISTERS)
    before, after = (row_of(broadcast, name).cycles / calls for name in (EMULATED, REGISTERS))
    return (
        _request("Sending one IPI", emulated.shares.sends, called.shares.sends),
        _request("Ending it", emulated.shares.eois, called.shares.eois),
        _request(f"A broadcast to {broadcast.cpus - 1}, delivery and handlers included,", before, after),
    )


def _request(what: str, before: float, after: float) -> Finding:
    text = f"{what} takes {cycles(after)} instead of {cycles(before)}: {changed(before, after)}."
    return Finding(text, cheaper(before, after))


def _crossings(found: Evidence) -> Finding:
    before, after = (row_of(found.then[IPI], name).work.exits for name in (EMULATED, REGISTERS))
    if after < before:
        return Finding(f"An IPI, sent, taken and ended, has {times(after)} instead of {before}.", Tone.FOR)
    return Finding(
        f"The hypervisor is entered as often as before: {times(after)} for an IPI, sent, taken and ended, and {before} "
        "without. Overriding the register lowers the price of a crossing and not their number.",
        Tone.AGAINST,
    )

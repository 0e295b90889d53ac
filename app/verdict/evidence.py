"""Runs what the verdict rests on: the same few workloads under the back ends of the argument, and under today's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from io import BytesIO

from app.backends.apicv import APICV
from app.backends.catalogue import BACKENDS
from app.backends.catalogue import backend as backend_of
from app.backends.native import NATIVE_XAPIC
from app.backends.trap_emulate import TRAP_EMULATE
from app.backends.vmi import VMI
from app.backends.xen_evtchn import XEN_EVTCHN
from app.costs.sheet import CostSheet
from app.engine.alone import access_run
from app.engine.event_log import WholeLog
from app.engine.events import HandlerEntered
from app.engine.simulation import Simulation
from app.guest.generations import GENERATIONS
from app.measure.comparison import Comparison
from app.measure.measuring import compare
from app.measure.scenarios import SCENARIOS
from app.measure.workloads import Workload, workload_of
from app.trace.check.census import Census, CensusTaker
from app.trace.check.replay import Replay
from app.trace.readers.registry import read_recording_from
from app.x86.registers import Register

THEN, NOW = "linux-2.6.22", "linux-6"
#: The kernel of the argument, on real hardware, emulated, with two operations replaced, and with all of them.
EMULATED, REGISTERS, REPLACED = TRAP_EMULATE.name, VMI.name, XEN_EVTCHN.name
OF_THE_ARGUMENT = (NATIVE_XAPIC.name, EMULATED, REGISTERS, REPLACED)
#: Those that replace operations of today's kernel.
PARAVIRTUAL_NOW = tuple(
    name
    for name, each in BACKENDS.items()
    if each.reason_against(GENERATIONS[NOW]) is None and each.bind(GENERATIONS[NOW]).overrides
)
HARDWARE = APICV.name
SINCE = (EMULATED, *PARAVIRTUAL_NOW, HARDWARE)

#: What is run, by the names under which the claims know it.
IPI, BROADCAST, MASK, DEVICES, STORM, BOOT = "ipi", "broadcast", "mask", "devices", "storm", "boot"
_WORKLOADS = {
    IPI: "smp_send_reschedule:1",
    BROADCAST: "call-function",
    MASK: "smp_call_function:64",
    DEVICES: "devices",
    STORM: "storm",
}
_SINCE = (IPI, MASK, BOOT)

#: The recording that comes with the program.
SAMPLE = "linux-6.1-boot-4cpu"
_NANOSECONDS = 1e9

#: A recording, counted, and how long it lasted, in seconds.
Recorded = tuple[Census, float]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found. *then* and *now* are comparisons by workload, under the kernel of 2007 and under today's."""

    sheet: CostSheet
    then: Mapping[str, Comparison]
    now: Mapping[str, Comparison]
    #: Interrupts of devices that reached the kernel's own ``do_irq``, by back end.
    devices_served: Mapping[str, int]
    #: Cycles of one access, and its exits, by back end.
    access: Mapping[str, tuple[int, int]]
    boot_seconds: float


def gather(
    sheet: CostSheet, recorded: Recorded, on_progress: Callable[[str, int, int], None] = lambda *_: None
) -> Evidence:
    """Runs everything by *sheet*. *on_progress* hears what comes next, and how many of how many are done."""
    census, seconds = recorded
    workloads: dict[str, Workload] = {key: workload_of(name) for key, name in _WORKLOADS.items()}
    workloads[BOOT] = census
    then: dict[str, Comparison] = {}
    now: dict[str, Comparison] = {}
    runs = [(then, key, OF_THE_ARGUMENT, THEN) for key in workloads] + [(now, key, SINCE, NOW) for key in _SINCE]
    for done, (found, key, backends, kernel) in enumerate(runs):
        on_progress(f"{key}, {kernel}", done, len(runs))
        found[key] = compare(workloads[key], backends, sheet, kernel)
    served = {name: _devices_served(name, sheet) for name in OF_THE_ARGUMENT}
    access = {name: _access(name, sheet) for name in OF_THE_ARGUMENT[:3]}
    return Evidence(sheet, then, now, served, access, seconds)


def _devices_served(backend: str, sheet: CostSheet) -> int:
    scenario = SCENARIOS[DEVICES]
    simulation = Simulation(scenario.cpus, backend, sheet, generation=THEN, log=WholeLog)
    for time, stimuli in scenario.times():
        simulation.run(until=time)
        for stimulus in stimuli:
            simulation.apply(stimulus)
    simulation.run(until_idle=True)
    log = simulation.take_log()
    return sum(isinstance(event, HandlerEntered) and event.function == "do_irq" for _, event in log)


def _access(backend: str, sheet: CostSheet) -> tuple[int, int]:
    """A write of TPR, which sends nothing and ends nothing."""
    bound = backend_of(backend, THEN, sheet)
    work = access_run(bound, Register.TPR, 0, sheet).work
    return work.cycles, work.exits


@lru_cache(maxsize=1)
def recorded_boot() -> Recorded:
    """The sample, counted once: it is the same for every sheet."""
    file = resources.files("app.trace") / "samples" / f"{SAMPLE}.qemu.log.gz"
    recording = read_recording_from(file.name, BytesIO(file.read_bytes()))
    taker = CensusTaker(Replay(recording))
    taker.run(len(recording.operations))
    seconds = (recording.operations[-1].time - recording.operations[0].time) / _NANOSECONDS
    return taker.census(), seconds

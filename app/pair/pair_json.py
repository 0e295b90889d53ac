"""What two machines made of a stimulus, as users' scripts read it."""

from typing import Any

from app.engine.accounts import Interrupt, Tally
from app.pair.alignment import AlignedInterrupt, AlignedStimulus
from app.pair.script import stimulus_words

Json = dict[str, Any]


def tally_json(tally: Tally) -> Json:
    """Numbers by their names in the counters."""
    return {
        "accesses": tally.accesses,
        "exits": tally.exits,
        "hypercalls": tally.hypercalls,
        "cycles": tally.cycles,
    }


def stimulus_json(aligned: AlignedStimulus) -> Json:
    """One stimulus, both sides."""
    return {
        "number": aligned.number,
        "stimulus": stimulus_words(aligned.commands),
        "same": aligned.same,
        "differences": list(aligned.differences),
        "reasons": {"a": aligned.reasons[0] or None, "b": aligned.reasons[1] or None},
        "interrupts": [_aligned(one) for one in aligned.interrupts],
        "rest": _both(aligned.rest),
        "total": _both(aligned.total),
    }


def _aligned(one: AlignedInterrupt) -> Json:
    return {"a": _interrupt(one.a), "b": _interrupt(one.b), "differences": list(one.differences)}


def _both(tallies: tuple[Tally, Tally]) -> Json:
    return {"a": tally_json(tallies[0]), "b": tally_json(tallies[1])}


def _interrupt(interrupt: Interrupt | None) -> Json | None:
    if interrupt is None:
        return None
    return {
        "origin": interrupt.origin.value,
        "source": interrupt.source,
        "vector": interrupt.vector,
        "delivery_mode": interrupt.delivery_mode.name.lower(),
        "function": interrupt.function,
        "messages": interrupt.messages,
        "targets": sorted(interrupt.targets),
        "latency": interrupt.latency,
        "handlers": [{"cpu": handled.cpu, "vector": handled.vector} for handled in interrupt.handled],
        "merged": sorted(interrupt.merged),
        "refused": sorted(interrupt.refused),
        "sending": tally_json(interrupt.sending),
        "receiving": tally_json(interrupt.receiving),
    }

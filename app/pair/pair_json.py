"""What two machines made of a stimulus, as users' scripts read it."""

from typing import Any

from app.engine.work import Work
from app.pair.accounts import Interrupt
from app.pair.alignment import AlignedInterrupt, AlignedStimulus
from app.pair.script import stimulus_words

Json = dict[str, Any]


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


def _both(each: tuple[Work, Work]) -> Json:
    return {"a": each[0].as_dict(), "b": each[1].as_dict()}


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
        "sending": interrupt.sending.as_dict(),
        "receiving": interrupt.receiving.as_dict(),
    }

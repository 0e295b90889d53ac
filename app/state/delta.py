"""The difference between two states, and how a client applies it: ``apply(base, difference(base, new)) == new``."""

from typing import cast

from app.state.shapes import CpuState, Delta, State


def difference(base: State, new: State) -> Delta:
    """What changed: under ``cpus`` the changed keys of each changed CPU, everything else whole."""
    delta: Delta = {key: value for key, value in new.items() if key != "cpus" and base.get(key) != value}
    cpus = {
        str(index): changed
        for index, (before, after) in enumerate(zip(base["cpus"], new["cpus"], strict=True))
        if before is not after and before != after and (changed := _changed_keys(before, after))
    }
    if cpus:
        delta["cpus"] = cpus
    return delta


def _changed_keys(before: CpuState, after: CpuState) -> Delta:
    return {key: value for key, value in after.items() if before.get(key) != value}


def apply(base: State, delta: Delta) -> State:
    """The state after *delta*. *base* stays as it is."""
    changed = cast("dict[str, Delta]", delta.get("cpus", {}))
    cpus = [{**cpu, **changed.get(str(index), {})} for index, cpu in enumerate(base["cpus"])]
    return cast("State", {**base, **delta, "cpus": cpus})

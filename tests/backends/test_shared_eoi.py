"""The word through which a hypervisor spares its guest an EOI: the guest's half and the way in."""

import pytest

from app.backends import emulation
from app.backends.backend import Backend, Found
from app.backends.catalogue import BACKENDS, backend
from app.backends.shared_eoi import SharesEoiWord
from app.guest import steps
from app.guest.steps import Acknowledge, OfferEoiWord, Step, VmEntry, VmExit, WriteMsr
from tests.backends.by_hand import context_of, drain
from tests.guest.by_hand import steps_of

SHARING = {name: backend(name, "linux-6") for name in ("kvm-pv", "hyperv")}
sharing = pytest.mark.parametrize("bound", SHARING.values(), ids=SHARING.keys())
EOI_MSR = {"kvm-pv": 0x80B, "hyperv": 0x4000_0070}


#: Out of the guest to put an interrupt into it.
WAYS_OUT: dict[Found, list[Step]] = {
    Found.OUTSIDE: [],
    Found.RUNNING: [VmExit("external interrupt")],
    Found.AT_WINDOW: [VmExit("interrupt window")],
}


def eoi(bound: Backend, word: int) -> list[Step]:
    """The guest's EOI when its word holds *word*."""
    context = context_of(bound, cpu=2)
    context.kernel.eoi_words[2].value = word
    taken = list(steps_of(bound.operations.eoi(context)))
    assert taken[0] == steps.TestAndClear(context.kernel.eoi_words[2])
    return taken


def test_these_two_share_a_word() -> None:
    sharing = {name for name, definition in BACKENDS.items() if isinstance(definition.hypervisor, SharesEoiWord)}
    assert sharing == set(SHARING)


@sharing
def test_set_bit_spares_the_eoi(bound: Backend) -> None:
    assert len(eoi(bound, 1)) == 1


@sharing
def test_clear_bit_needs_the_eoi(bound: Backend) -> None:
    assert eoi(bound, 0)[1:] == [WriteMsr(EOI_MSR[bound.name], 0)]


@sharing
@pytest.mark.parametrize("found", Found)
def test_word_is_offered_behind_the_injection_before_the_entry(bound: Backend, found: Found) -> None:
    context = context_of(bound, cpu=1)
    assert bound.hypervisor is not None

    done, _ = drain(bound.hypervisor.deliver(found, Acknowledge(), context.cpu, context.kernel))

    way_out = WAYS_OUT[found]
    offer = OfferEoiWord(context.kernel.eoi_words[1])
    assert [type(step) for step in done[-3:]] == [Acknowledge, OfferEoiWord, VmEntry]
    assert done == [*way_out, emulation.INJECT, Acknowledge(), offer, VmEntry()]

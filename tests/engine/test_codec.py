"""Values become plain ones and come back as they were."""

import json
from collections import deque
from typing import Any

import pytest

from app.backends.apicv import BEFORE_IPI_VIRTUALIZATION, ApicvFeature, apicv
from app.backends.backend import BackendDefinition, Found
from app.backends.catalogue import BACKENDS
from app.engine.codec import Decoder, NotRecordable, encode, value_classes
from app.engine.frames import Call, Deliver
from app.engine.guest_calls import GuestCall
from app.engine.processor import Kick
from app.guest.apic_ops import KernelState
from app.guest.functions import CallArguments
from app.guest.generations import GENERATIONS
from app.guest.steps import QueueAdd, QueueTakeAll, SpinUntil, Store, Work
from app.hw.cpu import Arrival, RunState
from app.hw.messages import EoiBroadcast
from app.x86.icr import DeliveryMode, Icr, Shorthand
from app.x86.registers import Register
from app.x86.vectors import VECTORS, VectorBitmap

KERNEL = KernelState(4, GENERATIONS["linux-6"])
REQUEST = KERNEL.cfd_data[1].request_to(3)


VALUES: list[Any] = [
    *(None, True, False, 0, -1, 2**53 - 1, 2**53, -(2**64), (1 << 255) - 1),
    *("", "a text", "#12", "@call_lock", "0x10"),
    *([1, [2, None]], (1, (2, "x")), {3, 1}, {Register.LVT_TIMER: 5, Register.LVT_LINT0: 1 << 60}, deque([1, 2])),
    *(RunState.HALTED, Register.LVT_TIMER, DeliveryMode.FIXED, Found.AT_WINDOW, Arrival.STARTUP),
    *(VectorBitmap(0), VectorBitmap(1 << 255 | 1)),
    *(
        Kick(0x51, DeliveryMode.NMI),
        EoiBroadcast(1, 2, VECTORS[3]),
        Store(0x300, 1),
        Work("handler_device", "serves it"),
    ),
    *(SpinUntil(KERNEL.call_lock, 0, 1, None), SpinUntil(KERNEL.eoi_words[2], 1), SpinUntil(REQUEST.lock, 0, 8, 251)),
    *(QueueAdd(KERNEL.call_single_queues[3], REQUEST), QueueTakeAll(KERNEL.call_single_queues[0])),
    *(
        Call(GuestCall("apic_icr_write", Icr(0x41, shorthand=Shorthand.SELF))),
        Call(GuestCall("send_ipi", CallArguments(mask=1 << 200))),
    ),
    Deliver(Found.RUNNING, Arrival.NMI),
]


@pytest.mark.parametrize("value", VALUES, ids=[str(number) for number in range(len(VALUES))])
def test_value_comes_back_as_it_was(value: Any) -> None:
    found = Decoder(KERNEL).decode(json.loads(json.dumps(encode(value))))

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "definition",
    [one for one in (*BACKENDS.values(), BEFORE_IPI_VIRTUALIZATION) if one.reason_against(KERNEL.generation) is None],
    ids=lambda one: one.title,
)
def test_back_end_comes_back_with_all_that_it_has_and_no_more(definition: BackendDefinition) -> None:
    found = Decoder(KERNEL).decode(encode(definition.bind(KERNEL.generation)))

    assert (found.definition, found.generation) == (definition, KERNEL.generation)


def test_register_in_a_step_is_its_offset_however_it_was_said() -> None:
    assert encode(Store(Register.ICR_LOW, 1)) == encode(Store(0x300, 1)) == {"Store": [0x300, 1]}


def test_members_of_enums_in_collections_are_members_again() -> None:
    (key,) = Decoder().decode(encode({Register.LVT_TIMER: 1}))
    (member,) = Decoder().decode(encode({Register.LVT_CMCI}))

    assert (type(key), type(member)) == (Register, Register)


def test_what_lies_in_memory_is_that_of_the_other_kernel() -> None:
    other = KernelState(4, GENERATIONS["linux-6"])

    found = Decoder(other).decode(encode(SpinUntil(REQUEST.lock, 0)))

    assert found.word is other.cfd_data[1].request_to(3).lock


def test_no_two_classes_have_one_name() -> None:
    names = [kind.__name__ for kind in value_classes()]

    assert len(names) == len(set(names)) > 60


@pytest.mark.parametrize(
    "plain", ["Register.NOTHING", {"NoClass": []}, "@nowhere", "@csd[9][9", {"Backend": ["=apicv", "=all"]}]
)
def test_what_is_no_value_is_refused(plain: Any) -> None:
    with pytest.raises(KeyError):
        Decoder(KERNEL).decode(plain)


def test_what_no_state_holds_is_refused() -> None:
    with pytest.raises(KeyError):
        encode(object())


def test_back_end_that_is_not_of_the_catalogue_is_refused() -> None:
    with pytest.raises(NotRecordable, match="not of the catalogue"):
        encode(apicv(ApicvFeature.TPR_SHADOW).bind(KERNEL.generation))

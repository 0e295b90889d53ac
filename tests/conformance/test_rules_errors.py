"""ESR rules: what is noticed, when LVT error fires, and what only some processors notice."""

import pytest

from app.hw.profile import INTEL_P6, INTEL_SDM, INTEL_XEON, Profile
from app.x86.icr import DeliveryMode, Icr, Shorthand
from app.x86.registers import Register
from app.x86.state_registers import (
    ESR_RECEIVE_ILLEGAL_VECTOR,
    ESR_REDIRECTABLE_IPI,
    ESR_SEND_ACCEPT,
    ESR_SEND_ILLEGAL_VECTOR,
)
from tests.conformance.software import (
    booted,
    error_status,
    pass_time,
    post,
    run_handlers,
    send,
    vectors,
    write,
)

VECTOR = 0x44


def test_esr_4_lvt_error_fires_for_every_new_bit_and_only_then() -> None:
    machine = booted()
    write(machine, 0, Register.LVT_ERROR, 0x33)

    taken = []
    for icr in (Icr(5), Icr(5), Icr(5, shorthand=Shorthand.SELF)):
        send(machine, 0, icr)
        taken.append(run_handlers(machine, 0))

    assert taken == [[0x33], [], [0x33]]


def test_esr_4_masked_lvt_error_does_not_fire() -> None:
    machine = booted()

    send(machine, 0, Icr(5))

    assert run_handlers(machine, 0) == []
    assert error_status(machine, 0) == ESR_SEND_ILLEGAL_VECTOR


@pytest.mark.parametrize("register", [Register.LVT_THERMAL, Register.LVT_PERFORMANCE])
def test_esr_6_illegal_vector_of_a_local_source_is_noticed_when_it_fires(register: Register) -> None:
    machine = booted()
    write(machine, 0, register, 5)
    assert error_status(machine, 0) == 0

    machine.fire_local(0, register)

    assert error_status(machine, 0) == ESR_RECEIVE_ILLEGAL_VECTOR
    assert vectors(machine, 0, Register.IRR0) == []


def test_esr_6_illegal_vector_of_the_timer_is_noticed_when_it_expires() -> None:
    machine = booted()
    write(machine, 0, Register.LVT_TIMER, 5)
    write(machine, 0, Register.TIMER_INITIAL_COUNT, 100)
    assert error_status(machine, 0) == 0

    pass_time(machine, 1_000_000)

    assert error_status(machine, 0) == ESR_RECEIVE_ILLEGAL_VECTOR


@pytest.mark.parametrize(("profile", "noticed"), [(INTEL_P6, ESR_SEND_ACCEPT), (INTEL_SDM, 0)], ids=["p6", "sdm"])
def test_esr_send_accept_is_of_the_p6(profile: Profile, noticed: int) -> None:
    machine = booted(2, profile=profile)

    send(machine, 0, Icr(VECTOR, destination=9))

    assert error_status(machine, 0) == noticed


def test_esr_send_accept_is_no_error_when_one_of_several_accepted() -> None:
    machine = booted(3, profile=INTEL_P6)
    send(machine, 1, Icr(VECTOR, destination=2))  # CPU 2 has no room for another
    send(machine, 0, Icr(VECTOR, shorthand=Shorthand.ALL_EXCLUDING_SELF))
    assert vectors(machine, 1, Register.IRR0) == [VECTOR]

    write(machine, 2, Register.SVR, 0xFF)  # what is tried again is refused
    run_handlers(machine, 2)

    assert error_status(machine, 0) == 0


@pytest.mark.parametrize(
    ("profile", "vector", "noticed"),
    [
        (INTEL_XEON, 0x44, ESR_REDIRECTABLE_IPI),
        (INTEL_XEON, 5, ESR_REDIRECTABLE_IPI),
        (INTEL_SDM, 5, ESR_SEND_ILLEGAL_VECTOR),
    ],
)
def test_esr_7_unsupported_lowest_priority_says_that_alone(profile: Profile, vector: int, noticed: int) -> None:
    machine = booted(2, profile=profile)

    post(machine, 0, Icr(vector, DeliveryMode.LOWEST_PRIORITY, destination=1))

    assert machine.outbox == []
    assert error_status(machine, 0) == noticed

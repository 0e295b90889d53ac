"""What guest code asks is answered between two steps, and is none."""

from typing import get_args

import pytest

from app.guest import answers, asks
from app.guest.answers import advance
from app.guest.asks import (
    READ_ENDS_LEVEL,
    READ_FLAGS,
    READ_ICR,
    READ_SERVED,
    READ_TSC,
    Ask,
    IrqFlow,
    LockRequest,
    PrepareCall,
    ReadIrqFlow,
    ReadWord,
)
from app.guest.memory import CallData, CallSingleData, Word
from app.guest.steps import Fence, Load, Steps
from app.hw.cpu import Cpu
from app.hw.machine import Machine
from app.x86.model_specific_registers import RESET_BASE
from app.x86.units import ApicId


def answer(ask: Ask, cpu: Cpu) -> int:
    """What *ask* gets."""

    def code() -> Steps[int]:
        return (yield ask)

    with pytest.raises(StopIteration) as end:
        advance(code(), None, cpu)
    return int(end.value.value)


@pytest.fixture
def cpu() -> Cpu:
    return Machine(2).cpus[1]


def test_asks_come_between_the_steps_and_replies_are_kept_apart(cpu: Cpu) -> None:
    def code() -> Steps[list[int]]:
        flags = yield READ_FLAGS
        loaded = yield Load(0x300)
        word = yield ReadWord(Word("word", 9))
        yield Fence()
        return [flags, loaded, word]

    cpu.interrupt_flag = True
    running = code()

    assert [advance(running, None, cpu), advance(running, 5, cpu)] == [Load(0x300), Fence()]
    with pytest.raises(StopIteration) as end:
        advance(running, 0, cpu)
    assert end.value.value == [1, 5, 9]


def test_every_ask_has_its_answer_and_is_known_as_one() -> None:
    assert set(answers.ANSWERS) == set(get_args(Ask)) == set(asks.ASKS)


def test_time_is_the_machines(cpu: Cpu) -> None:
    cpu.apic.services.clock.now = 77
    assert answer(READ_TSC, cpu) == 77


@pytest.mark.parametrize(
    ("vector", "in_service", "level", "flow"),
    [
        (0x21, False, False, IrqFlow.LEGACY),
        (0x21, True, False, IrqFlow.EDGE),
        (0x51, True, False, IrqFlow.EDGE),
        (0x51, True, True, IrqFlow.LEVEL),
    ],
)
def test_flow_of_an_interrupt_is_how_it_came(
    cpu: Cpu, vector: int, in_service: bool, level: bool, flow: IrqFlow
) -> None:
    cpu.apic.isr.assign(vector, in_service)
    cpu.apic.tmr.assign(vector, level)

    assert answer(ReadIrqFlow(vector), cpu) == flow


def test_request_is_locked_once(cpu: Cpu) -> None:
    request = CallSingleData(1, 0)

    assert [answer(LockRequest(request), cpu) for _ in range(2)] == [1, 0]
    assert request.lock.value == 1


def test_call_is_prepared_as_if_nobody_had_answered_one_before(cpu: Cpu) -> None:
    data = CallData()
    data.started.write(0, 3)
    data.finished.write(0, 3)

    answer(PrepareCall(data, True), cpu)

    assert [(word.value, word.written_by) for word in (data.started, data.finished, data.wait)] == [
        (0, 0),
        (0, 0),
        (1, 0),
    ]


def test_hardware_serves_an_apic_that_is_where_reset_put_it(cpu: Cpu) -> None:
    assert answer(READ_SERVED, cpu) == 1
    cpu.apic.base = RESET_BASE + 0x1000
    assert answer(READ_SERVED, cpu) == 0
    cpu.apic.base = RESET_BASE
    cpu.apic.apic_id = ApicId(7)
    assert answer(READ_SERVED, cpu) == 0


def test_hardware_knows_the_command_register_and_what_an_eoi_would_end(cpu: Cpu) -> None:
    cpu.apic.icr = 0x0300_0000_0000_00FD
    assert (answer(READ_ICR, cpu), answer(READ_ENDS_LEVEL, cpu)) == (cpu.apic.icr, 0)

    cpu.apic.isr.set(0x51)
    cpu.apic.tmr.set(0x51)

    assert answer(READ_ENDS_LEVEL, cpu) == 1

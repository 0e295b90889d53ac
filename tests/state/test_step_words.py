"""Steps in words: every step that a CPU can take has some, without saying who takes it."""

import re
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.guest.steps import EmulatedWrite, EnterNmi, EnterSmm, ResumeFromSmm, Step, Store
from app.state.step_words import step_words
from app.x86.registers import Register

CLASSES = typing.get_args(Step)


def steps(kind: type) -> st.SearchStrategy[Any]:
    """Steps of a class, with fields as its annotations allow."""
    return st.from_type(kind)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_step_has_words(kind: type, data: st.DataObject) -> None:
    words = step_words(data.draw(steps(kind)))

    assert isinstance(words, str)
    assert not re.match(r"CPU \d", words)  # a name that a step brings may be anything


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (EnterSmm(), "saves its state and enters system-management mode"),
        (ResumeFromSmm(), "resumes from system-management mode"),
        (EnterNmi(), "takes the NMI through its gate"),
        (Store(Register.ICR_LOW, 0xC40FB), "store 0x000c40fb to ICR LOW (0x300)"),
        (EmulatedWrite(Register.TPR, 0x60), "writes 0x00000060 to the virtual TPR (0x080)"),
    ],
)
def test_step_says_what_it_does(step: Step, words: str) -> None:
    assert step_words(step) == words

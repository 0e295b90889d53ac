"""What every event has of its own."""

import pytest

from app.hw.event import Event, EventKind


class Unspoken(Event):
    """An event whose class says no sentence."""

    usual_kind = EventKind("unspoken", "·", "nothing is said")


def test_event_without_a_sentence_is_named_as_the_mistake_that_it_is() -> None:
    with pytest.raises(NotImplementedError, match=r"^Unspoken$"):
        Unspoken().words({})


def test_event_of_one_kind_is_always_of_that_kind() -> None:
    assert Unspoken.kinds() == (Unspoken().kind,)

"""Single keys that act on a whole page: one table for what they do, what the help says and what buttons announce.

The same act has the same key on every page. A presenter's remote sends Page Down and Page Up.
"""

from typing import NamedTuple


class Key(NamedTuple):
    """*keys* are ``KeyboardEvent.key`` values, with ``Shift+`` before those that want it; *words* stand in the help."""

    action: str
    keys: tuple[str, ...]
    words: str


#: The page of one machine.
MACHINE_KEYS = (
    Key("playOrPause", (" ", "."), "pause or run"),
    Key("stepForward", ("ArrowRight", "PageDown"), "step, by what is chosen beside Step: one operation at first"),
    Key("stepInterrupt", ("Shift+ArrowRight", "PageUp"), "step to the next interrupt"),
    Key("stepBack", ("ArrowLeft",), "step back, by the same"),
    Key("stepBackInterrupt", ("Shift+ArrowLeft",), "step back to the interrupt before"),
    Key("toBeginning", ("Home",), "to the beginning"),
    Key("backToLive", ("l",), "back to live: the end of what has happened"),
    Key("stopAt", ("g",), "run to, or go back to, where a condition comes true"),
    Key("flag", ("f",), "put a flag with a word at this moment; the list of flags"),
    Key("linkMoment", ("Shift+L",), "a link to this moment"),
    Key("untilIdle", ("u",), "run until idle"),
    Key("slower", ("-",), "slower"),
    Key("faster", ("+", "="), "faster"),
    Key("previousCpu", ("ArrowUp", "k"), "select the CPU before"),
    Key("nextCpu", ("ArrowDown", "j"), "select the next CPU"),
    Key("interruptFlag", ("i",), "hold interrupts of the selected CPU off, or let go"),
    Key("compose", ("s",), "to the form that sends an IPI; Enter sends it and leads back to the machine"),
    Key("send", ("x",), "send the IPI as it stands in the form"),
    Key("palette", ("/",), "a command in one line; Tab completes, arrows choose, Enter does it, Escape leaves"),
    Key("pins", ("d",), "to the device pins; arrows choose, Space raises or lowers"),
    Key("bits", ("b",), "the CPUs bit by bit, 16 × 16, or as shelves"),
    Key("backend", ("o",), "choose a back end; arrows choose, Escape closes"),
    Key("toScore", ("m",), "to the score; arrows go along a lane and to another, Enter selects"),
    Key("scoreForm", ("v",), "the score as a drawing, or as a list"),
    Key("foldScore", ("h",), "fold the score, or unfold it"),
    Key("zoomIn", ("]",), "show less time in the score, larger"),
    Key("zoomOut", ("[",), "show more time"),
    Key("fitScore", ("0",), "show all of it"),
    Key("panLeft", ("<",), "show what was earlier"),
    Key("panRight", (">",), "show what came later"),
    Key("followScore", ("e",), "the score follows the time that is shown, or not"),
    Key("nextSpan", ("n",), "select the next one on the same lane"),
    Key("previousSpan", ("Shift+N",), "select the one before"),
    Key("selectNothing", ("c",), "select nothing"),
    Key("searchScore", ("Shift+S",), "search the score; Enter and Shift+Enter go from one that is found to another"),
    Key("filterScore", ("Shift+F",), "choose what kinds the score shows"),
    Key("markA", ("1",), "put marker A at the pointer, or at the time that is shown"),
    Key("markB", ("2",), "put marker B; the difference stands beside it"),
    Key("findings", ("w",), "what looks wrong, and its first cause"),
    Key("demonstration", ("a",), "the machine acts by itself, or not"),
    Key("dismiss", ("Escape",), "leave a field, so that keys act again; clear away what was refused or lost"),
    Key("projector", ("p",), "a projector's colours and a lecture's size, or back"),
    Key("theme", ("t",), "next theme"),
    Key("density", ("y",), "next density: explore, lecture, review"),
    Key("help", ("?",), "this help"),
)

#: What keys and pointers do with the part of the picture that they are on: printed in the help, listened to there.
STAGE_WAYS = (
    (
        ("Shift+F10", "Menu"),
        "what can be done to a CPU, a vector, a shelf, a pin, a tile, the bus; also by the right button",
    ),
    (("Enter",), "the same, on a vector or a shelf; Space shows its gates"),
    (("ArrowUp", "ArrowDown"), "on the grip at the left of the shelves: task priority, class by class"),
    (("Shift+ArrowRight", "Shift+ArrowDown"), "over tiles: a set of CPUs, to send to"),
    ((), "Drag a vector or a free shelf to a CPU: an IPI, seen before you let go; onto the bus: to all others."),
    ((), "Drag a line of task priority up or down, or a box over tiles. Escape lets go of what is dragged."),
)

#: What of it is left on the page of a linked moment, where nobody acts.
MOMENT_KEYS = tuple(
    entry
    for entry in MACHINE_KEYS
    if entry.action
    in (
        *("previousCpu", "nextCpu", "toScore", "scoreForm", "foldScore", "zoomIn", "zoomOut", "fitScore", "panLeft"),
        *("panRight", "nextSpan", "previousSpan", "selectNothing", "searchScore", "filterScore", "markA", "markB"),
        *("findings", "projector", "theme", "density", "help"),
    )
)

#: The page of a pair: a step is the next stimulus.
PAIR_KEYS = (
    Key("playOrPause", (" ", "."), "run all that wait, or pause"),
    Key("nextStimulus", ("ArrowRight", "PageDown"), "the next stimulus, to its end"),
    Key("stepInterrupt", ("Shift+ArrowRight", "PageUp"), "to the next interrupt, on each"),
    Key("backStimulus", ("ArrowLeft",), "back by one stimulus"),
    Key("stepBackInterrupt", ("Shift+ArrowLeft",), "back by one interrupt, on each"),
)

_CAPTIONS = {
    " ": "Space",
    "ArrowRight": "→",
    "ArrowLeft": "←",
    "ArrowUp": "↑",
    "ArrowDown": "↓",
    "PageDown": "Page Down",
    "PageUp": "Page Up",
    "Escape": "Esc",
}


def caption(key: str) -> str:
    """A key as it is printed on a keyboard: ``Shift+ArrowRight`` as "Shift →"."""
    return " ".join(_CAPTIONS.get(part, part) for part in _parts(key))


def announced(table: tuple[Key, ...], action: str) -> str:
    """The value of ``aria-keyshortcuts`` for the button that does *action*."""
    return " ".join("+".join("Space" if part == " " else part for part in _parts(key)) for key in _of(table, action))


def captions(table: tuple[Key, ...], action: str) -> list[str]:
    """The keys of *action*, as they are printed."""
    return [caption(key) for key in _of(table, action)]


def bindings(table: tuple[Key, ...]) -> dict[str, str]:
    """Key to action, for the script that listens."""
    return {key: entry.action for entry in table for key in entry.keys}


def _of(table: tuple[Key, ...], action: str) -> tuple[str, ...]:
    return next(entry.keys for entry in table if entry.action == action)


def _parts(key: str) -> list[str]:
    return ["Shift", key.removeprefix("Shift+")] if key.startswith("Shift+") else [key]

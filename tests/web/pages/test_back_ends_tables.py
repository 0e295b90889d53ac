"""The numbers on the page of back ends, each under its column and beside its row, as they were counted elsewhere."""

from html.parser import HTMLParser

import httpx2
import pytest

from tests.backends.test_matrix import NEW, OLD, RECEPTIONS, ROWS, Cell

#: Back end, kernel: sends to masks of 3, 17 and 129.
MASKS: dict[tuple[str, str], tuple[Cell, Cell, Cell]] = {
    ("native-xapic", OLD): ((3, 0, 0), (51, 0, 0), (387, 0, 0)),
    ("native-xapic", NEW): ((9, 0, 0), (51, 0, 0), (387, 0, 0)),
    ("native-x2apic", NEW): ((1, 0, 0), (2, 0, 0), (9, 0, 0)),
    ("trap-emulate", OLD): ((3, 3, 0), (51, 51, 0), (387, 387, 0)),
    ("trap-emulate", NEW): ((9, 9, 0), (51, 51, 0), (387, 387, 0)),
    ("vmi", OLD): ((3, 3, 3), (51, 51, 51), (387, 387, 387)),
    ("kvm-pv", NEW): ((0, 1, 1), (0, 1, 1), (0, 2, 2)),
    ("hyperv", NEW): ((0, 1, 1), (0, 1, 1), (0, 1, 1)),
    ("xen-evtchn", OLD): ((0, 3, 3), (0, 17, 17), (0, 129, 129)),
    ("xen-evtchn", NEW): ((0, 3, 3), (0, 17, 17), (0, 129, 129)),
    ("apicv", NEW): ((9, 0, 0), (51, 0, 0), (387, 0, 0)),
}
#: Ways out of the guest, by control and primitive.
CONTROLS = {
    "virtualize APIC accesses alone": (3, 9, 2, 2, 1, 1, 1, 1),
    "+ TPR shadow": (3, 9, 2, 2, 1, 1, 0, 1),
    "+ APIC-register virtualization": (1, 3, 1, 1, 1, 1, 0, 1),
    "+ virtual-interrupt delivery": (1, 3, 1, 0, 1, 0, 0, 1),
    "+ posted interrupts": (1, 3, 1, 0, 0, 0, 0, 1),
    "+ IPI virtualization": (0, 0, 1, 0, 0, 0, 0, 1),
    "the same in x2APIC mode": (0, 0, 1, 0, 0, 0, 0, 1),
}
CONTROL_COLUMNS = ("one CPU", "mask of 3", "all others", "itself", "take", "end", "priority", "timer")
#: The words of a cell by its row and its column.
Table = dict[tuple[str, str], str]


class Tables(HTMLParser):
    """The tables of a page, by their captions, as rows of words; the first row has the heads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[list[str]]]] = {}
        self._rows: list[list[str]] = []
        self._words: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        match tag:
            case "table":
                self._rows = []
            case "tr":
                self._rows.append([])
            case "caption" | "th" | "td":
                self._words = []
            case _:
                pass

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words += data.split()

    def handle_endtag(self, tag: str) -> None:
        if self._words is None or tag not in ("caption", "th", "td"):
            return
        words, self._words = " ".join(self._words), None
        if tag == "caption":
            self.found.setdefault(words, []).append(self._rows)
        else:
            self._rows[-1].append(words)


def by_name(rows: list[list[str]]) -> Table:
    heads, *lines = rows
    return {(line[0], head): cell for line in lines for head, cell in zip(heads[1:], line[1:], strict=True)}


@pytest.fixture
def tables(http: httpx2.Client) -> Tables:
    return Tables(http.get("/back-ends").text)


def words(cell: Cell) -> str:
    """What stands in the page's cell."""
    accesses, exits, hypercalls = cell
    out = f" {'hypercall' if hypercalls else 'exit'}{'' if exits == 1 else 's'}" if exits else ""
    return f"{exits}{out} {accesses} access{'' if accesses == 1 else 'es'}"


def expected(generation: str) -> Table:
    """The table of one kernel."""
    table: Table = {}
    received = {(name, kernel): cells for name, kernel, *cells in RECEPTIONS}
    for name, kernel, (unicast, others, itself, priority, timer) in ROWS:
        if kernel == generation:
            rows = {
                "Send to one CPU": unicast,
                **dict(zip((f"Send to a mask of {n}" for n in (3, 17, 129)), MASKS[name, kernel], strict=True)),
                "Send to all others, of 4": others,
                "Send to itself": itself,
                "Take an interrupt while running": received[name, kernel][0],
                "Handle it and end it": received[name, kernel][1],
                "Change the task priority": priority,
                "Arm the timer": timer,
            }
            table |= {(row, name): words(cell) for row, cell in rows.items()}
    return table


def test_crossings_stand_under_their_back_end_and_beside_their_primitive(tables: Tables) -> None:
    old, new = tables.found["What that comes to: ways out of the guest, and accesses, counted by running it"]

    assert by_name(old) == expected(OLD)
    assert by_name(new) == expected(NEW)


def test_exits_stand_under_their_primitive_and_beside_their_controls(tables: Tables) -> None:
    [controls] = tables.found["Ways out of the guest, control by control"]

    assert by_name(controls) == {
        (title, column): str(count)
        for title, exits in CONTROLS.items()
        for column, count in zip(CONTROL_COLUMNS, exits, strict=True)
    }

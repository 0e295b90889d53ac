"""README.md names every sub-test, every rule and every test here, and places that exist."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # many together

HERE = Path(__file__).parent
README = (HERE / "README.md").read_text()
#: First cell of each table row, and the row.
ROWS = {line.split("|")[1].strip(): line for line in README.splitlines() if line.startswith("| ")}
NAMED = set(re.findall(r"`(test_\w+)`", README))
#: Every test function of this folder but this file's.
TESTS = [
    node.name
    for path in sorted(HERE.glob("test_*.py"))
    if path != Path(__file__)
    for node in ast.walk(ast.parse(path.read_text()))
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
]

SUB_TESTS = [*(f"A{n}" for n in range(1, 18)), *(f"I{n}" for n in range(1, 18)), "V1", *map(str, range(1, 29))]
RULE_COUNTS = {
    "REG": 6,
    "BASE": 7,
    "DST": 10,
    "ICR": 12,
    "ACC": 8,
    "PRI": 9,
    "ACK": 5,
    "EOI": 7,
    "ESR": 7,
    "LVT": 6,
    "TMR": 9,
    "RST": 9,
    "X2": 9,
    "IOA": 13,
    "MSI": 6,
}
REGISTERS = (
    *("ID", "Version", "TPR", "APR", "PPR", "EOI", "Remote read", "LDR", "DFR", "SVR", "ISR", "TMR", "IRR", "ESR"),
    *("ICR low", "ICR high", "Timer initial", "Timer current", "Timer divide", "Self IPI"),
    *(f"LVT {source}" for source in ("CMCI", "timer", "thermal", "perf", "LINT0", "LINT1", "error")),
)
RULES = [*REGISTERS, *(f"{area}-{n}" for area, count in RULE_COUNTS.items() for n in range(1, count + 1))]


def prefix(number: str) -> str:
    """What the names of a sub-test's tests begin with: A7 is test_a07_, 12 is test_case_12_."""
    return f"test_case_{int(number):02}_" if number.isdigit() else f"test_{number[0].lower()}{int(number[1:]):02}_"


@pytest.mark.parametrize("number", SUB_TESTS)
def test_row_of_a_sub_test_names_exactly_its_tests(number: str) -> None:
    own = sorted(name for name in TESTS if name.startswith(prefix(number)))

    assert sorted(re.findall(r"`(test_\w+)`", ROWS[number])) == own
    assert own or "no test: with the kvm-pv back end" in ROWS[number]


@pytest.mark.parametrize("rule", RULES)
def test_row_of_a_rule_names_a_place_and_a_test_or_says_why_not(rule: str) -> None:
    _, _, _, where, tests, _ = ROWS[rule].split("|")
    places = re.findall(r"`(\w+)\.([\w.]+)`", where)

    for module, path in places:
        place: object = import_module(f"app.hw.{module}")
        for name in path.split("."):
            place = getattr(place, name)
    assert places or re.search(r"\*\*unmodelled\*\*: \w", where)
    assert NAMED.intersection(re.findall(r"`(\w+)`", tests)) or not places


def test_every_test_stands_in_the_readme_and_every_name_there_is_a_test() -> None:
    assert set(TESTS) == NAMED


def test_no_two_tests_have_one_name() -> None:
    assert len(TESTS) == len(set(TESTS))

"""The drawings are well-formed, say what they show, and can stand alone."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from app.charts.curve import curve_chart
from app.charts.drawing import draw_curves, draw_shares
from app.charts.shares import shares_chart
from app.charts.svg import Drawing, element
from app.charts.waterfall import waterfall_chart
from app.charts.waterfall_drawing import draw_waterfall
from app.measure.comparison import Bar, Waterfall
from tests.measure.values import CHEAP, DEAR, NATIVE, NATIVE_IPI, STEPPED, TRAP, TRAPPED_IPI

SVG = "{http://www.w3.org/2000/svg}"


def curves() -> Drawing:
    shown = [CHEAP, DEAR, STEPPED]
    return draw_curves(curve_chart(shown), shown, "Cost against targets")


def waterfalls() -> Drawing:
    return draw_waterfall(waterfall_chart([NATIVE_IPI, TRAPPED_IPI]), "One IPI")


def shares() -> Drawing:
    return draw_shares(shares_chart([NATIVE, TRAP]), "Shares")


every = pytest.mark.parametrize("draw", [curves, waterfalls, shares])


@every
def test_file_is_svg_with_title_description_and_white_paper(draw: Callable[[], Drawing]) -> None:
    root = ElementTree.fromstring(draw().file().encode())

    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title") is not None
    description = root.find(f"{SVG}desc")
    assert description is not None
    assert description.text
    paper = root.find(f"{SVG}rect")
    assert paper is not None
    assert paper.get("fill") == "#ffffff"
    assert float(root.get("width") or 0) > 0


@every
def test_file_needs_no_style_sheet_and_no_script(draw: Callable[[], Drawing]) -> None:
    drawn = draw().file()

    assert "<style" not in drawn
    assert " style=" not in drawn
    assert "<script" not in drawn
    assert "var(" not in drawn


@every
def test_every_reference_is_to_something_in_the_drawing(draw: Callable[[], Drawing]) -> None:
    drawn = draw().inline()
    ids = set(re.findall(r' id="([^"]+)"', drawn))

    assert set(re.findall(r"url\(#([^)]+)\)", drawn)) <= ids
    assert set(re.findall(r'aria-\w+by="([^"]+)"', drawn)) <= ids


@every
def test_description_names_every_back_end_with_its_cost(draw: Callable[[], Drawing]) -> None:
    assert re.search(r"native-x2apic.*trap-emulate.*cycles", draw().description)


def test_step_is_said_in_words() -> None:
    assert "kvm-pv at 129 targets: a second hypercall: 128 APIC IDs a window" in curves().inline()
    assert (
        "trap-emulate: 20 + 900 cycles, hypervisor, CPU 0: out of the guest, priced by vm_exit" in waterfalls().inline()
    )


def test_words_are_text_and_never_markup() -> None:
    hostile = Waterfall("vmi", (Bar(0, 9, 0, "guest", '<script>"&', ""),))

    drawn = draw_waterfall(waterfall_chart([hostile]), "<b>").file()

    assert "<script" not in drawn
    assert "<b>" not in drawn
    ElementTree.fromstring(drawn.encode())


def test_numbers_are_written_short() -> None:
    assert str(element("rect", x=1.0, y=0.333333, stroke_width=None)) == '<rect x="1" y="0.33"/>'

"""The page of guest functions: the kernel's places, the steps that a machine did, under the guest that was chosen."""

from html import unescape
from re import sub

import httpx2
import pytest

from app.guest.linux_2_6_22 import places as places_2_6_22
from app.guest.linux_6 import places as places_6
from app.measure.sequences import sequences
from app.web.pages.guest_functions import functions_of, guests


def words(http: httpx2.Client, guest: str = "") -> str:
    """The words of the page, without its marks."""
    answer = http.get("/guest-functions", params={"guest": guest} if guest else {})
    assert answer.status_code == 200
    return " ".join(unescape(sub(r"<[^>]*>", "", answer.text)).split())


@pytest.mark.parametrize("guest", guests())
def test_every_guest_has_its_page_with_every_function_in_it(http: httpx2.Client, guest: str) -> None:
    text = words(http, guest)

    for function in functions_of(*guests()[guest]):
        assert function.sequence.title in text
        for line in function.lines or ():
            assert line.words in text


def test_steps_stand_in_their_order_behind_the_place_in_the_kernel(http: httpx2.Client) -> None:
    text = words(http, "linux-2.6.22/vmi")

    card = text[text.index("Send to CPUs 1, 2 and 3, as a mask") :]
    inside = (
        "arch/i386/kernel/smp.c:202, send_IPI_mask_bitmask, __send_IPI_dest_field (:170)",
        "3 accesses, 3 exits",
        "turns interrupts off",
        "APICRead ICR LOW (0x300) 1 exit",
        "APICWrite ICR HIGH (0x310) = 0x0e000000 1 exit",
        "APICWrite ICR LOW (0x300) = 0x00000851 1 exit",
        "turns interrupts on",
    )
    places = [card.index(part) for part in inside]
    assert places == sorted(places)


def test_start_of_a_cpu_tells_vmi_s_hypervisor_its_state(http: httpx2.Client) -> None:
    assert "SetInitialAPState(0x1) 1 exit" in words(http, "linux-2.6.22/vmi")
    assert "SetInitialAPState" not in words(http, "linux-2.6.22/trap-emulate")


def test_what_does_nothing_and_what_never_comes_about_say_so(http: httpx2.Client) -> None:
    assert "Vector 0xff was really sent sysvec_spurious_apic_interrupt" in words(http)
    assert "Nothing at all." in words(http)
    assert "Never comes about under xen-evtchn: the guest has no APIC." in words(http, "linux-6/xen-evtchn")


def test_first_page_is_the_newest_kernel_on_hardware(http: httpx2.Client) -> None:
    assert "linux-6 over native-xapic Linux 6.12" in words(http)


def test_mark_of_an_exit_is_explained_where_there_are_exits(http: httpx2.Client) -> None:
    explained = "the CPU leaves the guest for this step"

    assert explained in words(http, "linux-6/kvm-pv")
    assert explained not in words(http, "linux-6/native-xapic")


@pytest.mark.parametrize("guest", ["linux-6/vmi", "linux-7/native-xapic", "native-xapic"])
def test_guest_that_does_not_exist_is_an_error_that_names_those_that_do(http: httpx2.Client, guest: str) -> None:
    answer = http.get("/guest-functions", params={"guest": guest}, headers={"Accept": "application/json"})

    assert answer.status_code == 422
    assert "linux-6/kvm-pv" in answer.text


@pytest.mark.parametrize(("generation", "backend"), [pair for pair in guests().values() if pair[1] != "xen-evtchn"])
def test_every_function_has_its_place_in_the_kernel(generation: str, backend: str) -> None:
    assert [sequence.title for sequence in sequences(generation, backend) if sequence.place is None] == []


def test_lines_stand_where_a_text_had_them() -> None:
    """Of the files of 2.6.22 only two: ``guest/linux_2_6_22/places.py`` says of which text."""
    assert all(place.line for place in places_6.PLACES.values())
    files = {place.file.rsplit("/")[-1] for place in places_2_6_22.PLACES.values() if place.line}
    assert files == {"smp.c", "mach_ipi.h"}
    assert all(name in places_2_6_22.TEXT for name in files)

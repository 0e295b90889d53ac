"""The verdict: sentences and judgements follow from the numbers, and turn when those do."""

import re

import pytest

from app.verdict.evidence import BOOT, EMULATED, IPI, REGISTERS, REPLACED, gather, recorded_boot
from app.verdict.judgement import Claim, Finding, Judgement, Tone
from tests.cli.commands import ROOT
from tests.verdict.judging import evidence_by, judged

pytestmark = pytest.mark.slow
SHEETS = ("2007", "sapphire-rapids")


def finding(claim: Claim, words: str) -> Finding:
    """The one finding in which *words* occur."""
    (found,) = (found for found in claim.findings if words in found.text)
    return found


def claim_of(*tones: Tone) -> Claim:
    findings = tuple(Finding("so it is", tone) for tone in tones)
    return Claim("key", "title", "speaker", (), "test", (), findings, ())


# Judgements


@pytest.mark.parametrize(
    ("tones", "judgement"),
    [
        ((Tone.FOR, Tone.OPEN, Tone.FOR), Judgement.HOLDS),
        ((Tone.AGAINST, Tone.OPEN), Judgement.FAILS),
        ((Tone.FOR, Tone.AGAINST), Judgement.IN_PART),
        ((Tone.OPEN,), Judgement.SILENT),
        ((), Judgement.SILENT),
    ],
)
def test_judgement_follows_from_the_findings_that_take_a_side(tones: tuple[Tone, ...], judgement: Judgement) -> None:
    assert claim_of(*tones).judgement is judgement


def test_findings_are_counted_by_their_side() -> None:
    claim = claim_of(Tone.FOR, Tone.FOR, Tone.AGAINST)

    assert [claim.count(tone) for tone in (Tone.FOR, Tone.AGAINST, Tone.OPEN)] == [2, 1, 0]


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_claim_says_what_would_count_and_what_cannot_be_said(sheet: str) -> None:
    verdict = judged(sheet)

    assert [claim.key for claim in verdict.claims] == ["enough", "devices", "two", "replacement", "since"]
    for claim in verdict.claims:
        assert claim.test
        assert claim.findings
        assert claim.tables
        assert claim.cannot_say


@pytest.mark.parametrize("sheet", SHEETS)
def test_quotations_are_a_sentence_at_most(sheet: str) -> None:
    for claim in judged(sheet).claims:
        for quotation in claim.quotations:
            assert len(quotation) < 110
            assert not re.search(r"[.?!] ", quotation)


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_row_of_a_table_has_every_column(sheet: str) -> None:
    for claim in judged(sheet).claims:
        for table in claim.tables:
            assert {len(row) for row in table.rows} == {len(table.columns)}


def test_unknown_claim_is_an_error() -> None:
    with pytest.raises(KeyError):
        judged("2007").claim("sanity")


# What the numbers say on the sheet of the time, for him and against him


def test_device_claim_is_beyond_the_numbers() -> None:
    claim = judged("2007").claim("devices")

    assert claim.judgement is Judgement.SILENT
    assert "(16)" in claim.findings[0].text


def test_crossings_stay_as_many_and_that_is_said_against_him() -> None:
    found = evidence_by("2007").then[IPI]
    emulated, registers = found.row(EMULATED), found.row(REGISTERS)
    assert emulated is not None
    assert registers is not None

    assert emulated.work.exits == registers.work.exits == 5
    assert finding(judged("2007").claim("two"), "as often as before").tone is Tone.AGAINST


def test_replacing_saves_crossings_and_costs_code() -> None:
    claim = judged("2007").claim("replacement")

    assert finding(claim, "is entered").tone is Tone.FOR
    assert finding(claim, "operations in").tone is Tone.AGAINST


def test_without_the_hardware_its_question_stays_open_and_says_why() -> None:
    claim = judged("2007").claim("since")

    assert claim.judgement is Judgement.SILENT
    assert "Ivy Bridge" in claim.findings[0].text


def test_hardware_of_an_older_time_is_judged_with_the_controls_that_it_has() -> None:
    claim = judged("skylake-sp").claim("since")

    assert claim.findings[0].text == "Here apicv runs without IPI virtualisation: skylake-sp has none."
    assert claim.judgement is not Judgement.SILENT
    assert finding(claim, "One IPI").tone is not Tone.OPEN


@pytest.mark.parametrize(
    ("sheet", "judgement"),
    [
        ("2007", Judgement.SILENT),
        ("skylake-sp", Judgement.HOLDS),
        ("sapphire-rapids", Judgement.FAILS),
        ("amd-zen3", Judgement.SILENT),
    ],
)
def test_whether_overriding_still_pays_is_told_as_the_changelog_says(sheet: str, judgement: Judgement) -> None:
    assert judged(sheet).claim("since").judgement is judgement


def test_changelog_has_the_numbers_of_what_is_said_now() -> None:
    readme = " ".join((ROOT / "README.md").read_text().split())
    [boot] = re.findall(r"for the recorded boot event channels take (\d+) % more than `apicv`", readme)
    said = finding(judged("sapphire-rapids").claim("since"), "The recorded boot takes").text

    assert f"{boot}\xa0% more" in said


def test_hardware_turns_the_sign_of_paravirtualisation() -> None:
    assert finding(judged("sapphire-rapids").claim("since"), "One IPI").tone is Tone.AGAINST


# Other prices, other sentences


@pytest.mark.parametrize(
    ("key", "words", "before", "after", "sheet", "change"),
    [
        ("two", "An access costs", Tone.FOR, Tone.AGAINST, "2007", "hypervisor_call=5000"),
        ("two", "Sending one IPI", Tone.FOR, Tone.AGAINST, "2007", "hypervisor_call=5000"),
        ("enough", "accesses and", Tone.FOR, Tone.AGAINST, "2007", "vm_exit=200000"),
        ("enough", "of the time", Tone.FOR, Tone.AGAINST, "2007", "vm_exit=200000"),
        ("enough", "nothing but interrupts", Tone.AGAINST, Tone.FOR, "2007", "evtchn_send=20000"),
        ("replacement", "One IPI", Tone.FOR, Tone.AGAINST, "2007", "evtchn_send=20000"),
        ("replacement", "A call of 64", Tone.FOR, Tone.AGAINST, "2007", "evtchn_send=20000"),
        ("since", "One IPI", Tone.AGAINST, Tone.FOR, "sapphire-rapids", "ipi_virtualization=20000"),
        ("since", "A call of 64", Tone.AGAINST, Tone.FOR, "sapphire-rapids", "ipi_virtualization=20000"),
    ],
)
def test_changed_sheet_turns_the_sentence(
    key: str, words: str, before: Tone, after: Tone, sheet: str, change: str
) -> None:
    old, new = (finding(judged(name).claim(key), words) for name in (sheet, f"{sheet}?{change}"))

    assert (old.tone, new.tone) == (before, after)
    assert old.text != new.text


def test_bottleneck_is_called_one() -> None:
    cheap, dear = (finding(judged(sheet).claim("enough"), "bottleneck") for sheet in ("2007", "2007?vm_exit=200000"))

    assert cheap.text.endswith("it is no bottleneck.")
    assert dear.text.endswith("it is a bottleneck.")


def test_threshold_in_time_is_where_the_share_would_be_met() -> None:
    evidence = evidence_by("2007")
    emulated = evidence.then[BOOT].row(EMULATED)
    assert emulated is not None
    milliseconds = emulated.cycles / 3.8e9 / 0.05 * 1000

    assert (
        f"in {milliseconds:.0f}\N{NO-BREAK SPACE}ms" in finding(judged("2007").claim("enough"), "That recording").text
    )


def test_equal_prices_are_called_equal() -> None:
    # A call that costs what exit and decoding cost together is no gain and no loss.
    sheet = evidence_by("2007").sheet
    even = sheet.price("vm_exit") + sheet.price("decode")

    found = finding(judged(f"2007?hypervisor_call={even}").claim("two"), "An access costs")

    assert found.tone is Tone.OPEN
    assert found.text.endswith("as many.")


def test_free_machine_has_a_verdict_too() -> None:
    evidence = evidence_by("2007")
    polled = ("mmio_read", "emulate_read")  # which must take a cycle, or nobody ever stops polling
    free = "&".join(f"{name}={int(name in polled)}" for name in evidence.sheet.cycles)

    assert len(judged(f"2007?{free}").claims) == 5


# Evidence


def test_progress_is_told_run_by_run() -> None:
    heard: list[tuple[str, int, int]] = []

    gather(evidence_by("2007").sheet, recorded_boot(), lambda what, done, total: heard.append((what, done, total)))

    assert [done for _, done, _ in heard] == list(range(len(heard)))
    assert {total for _, _, total in heard} == {len(heard)}


def test_boot_is_the_recorded_one() -> None:
    evidence = evidence_by("2007")

    assert evidence.boot_seconds == pytest.approx(3.11, abs=0.01)
    assert evidence.then[BOOT].eois == 2184


def test_every_way_serves_the_same_devices() -> None:
    assert evidence_by("2007").devices_served == dict.fromkeys(("native-xapic", EMULATED, REGISTERS, REPLACED), 16)

"""Where the steps of one IPI lie."""

from app.charts.waterfall import Block, Flight, duration, waterfall_chart
from app.measure.comparison import Bar, Waterfall
from tests.measure.values import NATIVE_IPI, TRAPPED_IPI


def test_bands_share_one_scale_that_begins_at_the_send() -> None:
    chart = waterfall_chart([NATIVE_IPI, TRAPPED_IPI])

    firsts = [band.marks[0] for band in chart.bands]
    assert [mark.x for mark in firsts if isinstance(mark, Block)] == [chart.time.start] * 2
    assert [band.cycles for band in chart.bands] == [400, 2000]
    assert chart.bands[1].end == chart.time.end
    assert chart.bands[0].end == chart.time.at(400)


def test_every_cpu_has_a_lane_and_its_steps_lie_in_it() -> None:
    [band] = waterfall_chart([TRAPPED_IPI]).bands
    lanes = dict(band.lanes)

    assert list(lanes) == [0, 1]
    for mark in band.marks:
        if isinstance(mark, Block):
            assert mark.bar.cpu is not None
            assert mark.y + mark.height / 2 == lanes[mark.bar.cpu]


def test_message_goes_from_its_senders_lane_to_its_targets() -> None:
    [band] = waterfall_chart([TRAPPED_IPI]).bands
    lanes = dict(band.lanes)
    [flight] = [mark for mark in band.marks if isinstance(mark, Flight)]

    assert (flight.y1, flight.y2) == (lanes[0], lanes[1])
    assert flight.x1 < flight.x2


def test_step_that_takes_no_time_can_still_be_seen() -> None:
    [band] = waterfall_chart([Waterfall("vmi", (Bar(0, 0, 0, "guest", "nothing", ""), *NATIVE_IPI.bars))]).bands

    assert all(mark.width >= 1 for mark in band.marks if isinstance(mark, Block))


def test_bands_lie_below_each_other_inside_the_picture() -> None:
    chart = waterfall_chart([NATIVE_IPI, TRAPPED_IPI])
    upper, lower = chart.bands

    assert upper.y + upper.height < lower.y
    assert lower.y + lower.height < chart.height


def test_message_to_oneself_stays_in_its_lane() -> None:
    bars = (
        Bar(0, 5, 2, "guest", "send", ""),
        Bar(5, 5, None, "bus", "message", ""),
        Bar(10, 5, 2, "guest", "take", ""),
    )
    [band] = waterfall_chart([Waterfall("native-xapic", bars)]).bands
    [flight] = [mark for mark in band.marks if isinstance(mark, Flight)]

    assert flight.y1 == flight.y2


def test_back_end_that_did_nothing_has_an_empty_band() -> None:
    [band] = waterfall_chart([Waterfall("vmi", ())]).bands

    assert (duration(Waterfall("vmi", ())), band.marks) == (0, ())

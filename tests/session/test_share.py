from app.session.share import Share


def test_session_alone_has_a_whole_slice() -> None:
    share = Share()
    share.busy("one", True)

    assert share.slice() == 0.004


def test_many_sessions_together_take_no_longer_than_a_few() -> None:
    share = Share()
    for number in range(20):
        share.busy(number, True)

    assert 20 * share.slice() <= 0.008


def test_session_that_rests_leaves_its_share_to_the_others() -> None:
    share = Share()
    for number in range(20):
        share.busy(number, True)
    for number in range(19):
        share.busy(number, False)

    assert share.slice() == 0.004

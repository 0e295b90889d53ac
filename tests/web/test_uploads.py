"""Files that people have sent are kept by content, as far as there is room."""

from app.web.uploads import Uploads


def test_same_file_has_the_same_key_and_its_newest_name() -> None:
    uploads = Uploads()

    first, second = uploads.add("a.log", b"same"), uploads.add("b.log", b"same")

    assert first.key == second.key
    assert uploads.names() == {first.key: "b.log"}


def test_oldest_files_go_when_room_runs_out_but_never_the_newest() -> None:
    uploads = Uploads()
    half = 25 << 20
    first = uploads.add("first", b"1" * half)
    second = uploads.add("second", b"2" * half)
    assert uploads.get(first.key) is None
    assert uploads.get(second.key) is second

    huge = uploads.add("huge", b"3" * (60 << 20))

    assert list(uploads.names()) == [huge.key]


def test_file_that_was_asked_for_stays_longer_than_one_that_was_not() -> None:
    uploads = Uploads()
    third = 20 << 20
    first, second = uploads.add("first", b"1" * third), uploads.add("second", b"2" * third)

    assert uploads.get(first.key) is first
    newest = uploads.add("third", b"3" * third)

    assert list(uploads.names()) == [first.key, newest.key]
    assert uploads.get(second.key) is None


def test_file_that_was_sent_again_stays_longer_than_one_that_was_not() -> None:
    uploads = Uploads()
    third = 20 << 20
    first = uploads.add("first", b"1" * third)
    uploads.add("second", b"2" * third)

    uploads.add("first", b"1" * third)
    newest = uploads.add("third", b"3" * third)

    assert list(uploads.names()) == [first.key, newest.key]

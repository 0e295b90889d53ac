"""Reads a line that somebody writes: which command it is, what is wrong with it and where, and what may come next."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from app.commands.fields import InvalidCommand
from app.commands.line import (
    Completion,
    Followed,
    Line,
    Misfit,
    Misread,
    Part,
    Surroundings,
    Values,
    Word,
    nested,
    offered,
    words_of,
)
from app.commands.line_parts import Exactly
from app.commands.reading import read_command
from app.commands.table import COMMANDS, Command

#: Of characters: a condition has 300, the text that names a cost sheet 2,000.
LONGEST_LINE = 2_400
_MOST_COMPLETIONS = 60
#: Of the commands that one may have meant, so many are named.
_MOST_NEAR = 3
#: Whoever writes this asks what there is.
_ALL = "?"


class Way(NamedTuple):
    """One way to say a command."""

    command: type[Command]
    line: Line

    @property
    def says(self) -> str:
        """What it does, in a sentence."""
        return self.line.says or self.command.description


#: Every way to say a command, in the order in which people are told of them.
WAYS: tuple[Way, ...] = tuple(Way(command, line) for command in COMMANDS for line in command.lines)
_BY_WORD: dict[str, tuple[Way, ...]] = {
    word: tuple(way for way in WAYS if way.line.word == word) for word in dict.fromkeys(way.line.word for way in WAYS)
}


class ReadLine(NamedTuple):
    """What a line was read as. *command* is None where it is none (yet); *misfit* says what is wrong, or what is
    missing, and where; *hint* is what belongs where the caret is. *completions* may take the place of what stands
    from *replaced* to the caret. *places* are the words by the fields of the command."""

    command: Command | None
    misfit: Misfit | None
    hint: str
    syntax: str
    completions: list[Completion]
    replaced: int
    places: dict[str, Word]


def read_line(text: str, among: Surroundings, caret: int | None = None) -> ReadLine:
    """*text* as a command of the machine *among* which it is said. Whoever still writes has a *caret* in it: of what is
    only begun or missing at its end nothing is said then. Without a caret the line is whole."""
    words = words_of(text)
    at = len(text) if caret is None else max(0, min(caret, len(text)))
    completions, replaced, hint = _completed(text, words, at, among)
    if not words:
        return ReadLine(None, _unwritten(caret), hint, "", completions, replaced, {})
    ways = _BY_WORD.get(words[0].text.lower())
    if ways is None:
        unknown = _heard(_unknown(words[0]), text, caret, completions)
        return ReadLine(None, unknown, hint, "", completions, replaced, {})
    attempts = [_attempt(way, text, words, among) for way in ways]
    best = max(attempts, key=lambda attempt: attempt.rank)
    misfit = None if best.command else _merged(best, attempts, words)
    return ReadLine(
        best.command,
        _heard(misfit, text, caret, completions),
        hint,
        " · ".join(dict.fromkeys(way.line.syntax for way in ways)),
        completions,
        replaced,
        best.followed.places,
    )


def _unwritten(caret: int | None) -> Misfit | None:
    return None if caret is not None else Misfit(0, 0, "nothing is written")


def _unknown(word: Word) -> Misfit:
    if word.text == _ALL:
        return Misfit(word.start, word.end, f"{_ALL} lists the commands, and is none itself")
    near = get_close_matches(word.text.lower(), _BY_WORD, _MOST_NEAR)
    more = f"{' or '.join(near)}? Write" if near else "write"
    says = f"there is no command {word.text[:40]!r}; {more} {_ALL} or nothing to see all"
    return Misfit(word.start, word.end, says)


def _heard(misfit: Misfit | None, text: str, caret: int | None, completions: Sequence[Completion]) -> Misfit | None:
    """*misfit*, unless somebody still writes at the end of *text* what may become right."""
    if misfit is None or caret is None or caret < len(text.rstrip()):
        return misfit
    unfinished = misfit.begun or (misfit.end == len(text) and caret == len(text) and completions)
    return None if unfinished else misfit


class _Attempt(NamedTuple):
    """A line read as one way has it."""

    way: Way
    followed: Followed
    command: Command | None
    misfit: Misfit | None

    @property
    def rank(self) -> tuple[bool, int, bool]:
        """Of several ways the one with the highest is meant: read whole, or else as far as possible, and rather with a
        word that is wrong than with one too many."""
        return self.command is not None, self.followed.reached, bool(self.followed.next)


def _attempt(way: Way, text: str, words: list[Word], among: Surroundings) -> _Attempt:
    followed = way.line.follow(text, words, among)
    if followed.misfit is not None:
        return _Attempt(way, followed, None, followed.misfit)
    if followed.missing:
        part, end = followed.missing[0], len(text.rstrip())
        return _Attempt(way, followed, None, Misfit(end, end, f"{part.shown} is missing: {part.says}", begun=True))
    try:
        values = way.line.join(followed.values, among)
        command = read_command({"type": way.command.kind, **nested(values)}, among.cpu_count)
    except Misread as misread:
        return _Attempt(way, followed, None, _misfit_of(misread, followed, words))
    except InvalidCommand as invalid:
        name, message = invalid.errors[0]
        word = followed.places.get(name)
        start, end = (word.start, word.end) if word else (words[0].start, words[-1].end)
        return _Attempt(way, followed, None, Misfit(start, end, message))
    return _Attempt(way, followed, command, None)


def _misfit_of(misread: Misread, followed: Followed, words: list[Word]) -> Misfit:
    """Where words that are right by themselves do not go together: at the field that *misread* names, if any."""
    word = followed.places.get(misread.of_field)
    return Misfit(*((word.start, word.end) if word else (words[0].start, words[-1].end)), str(misread))


def _merged(best: _Attempt, attempts: list[_Attempt], words: list[Word]) -> Misfit | None:
    """What is wrong by all the ways that came as far as the *best*."""
    alike = [one for one in attempts if one.command is None and one.rank == best.rank]
    parts = [part for one in alike for part in one.followed.next]
    if len(alike) > 1 and parts and all(isinstance(part, Exactly) for part in parts):
        shown = ", ".join(dict.fromkeys(part.shown for part in parts))
        if best.followed.reached < len(words):
            word = words[best.followed.reached]
            return Misfit(word.start, word.end, f"{word.text!r} is none of {shown}")
        assert best.misfit is not None
        return best.misfit._replace(says=f"one of {shown} is missing")
    return best.misfit


# Completion


def _completed(text: str, words: list[Word], at: int, among: Surroundings) -> tuple[list[Completion], int, str]:
    """What may stand at the caret, where that begins, and what it is."""
    before = [word for word in words if word.end < at]
    here = next((word for word in words if word.start <= at <= word.end), None)
    typed, replaced = (text[here.start : at], here.start) if here else ("", at)
    if not before:
        return _beginning("" if typed == _ALL else typed.lower()), replaced, ""
    expected = list(_expected(text, before, among))
    found: dict[str, Completion] = {}
    for part, values in expected:
        written = text[words[0].end : at] if part.is_rest else typed
        begun = part.begun(written)
        if part.is_rest:
            replaced = at - len(begun)
        for one in offered(part, values, among):
            if _completes(one, begun):
                found.setdefault(one.text, one)
    return list(found.values())[:_MOST_COMPLETIONS], replaced, _hint([part for part, _ in expected])


def _completes(one: Completion, begun: str) -> bool:
    return one.text != begun and one.text.lower().startswith(begun.lower()) and (bool(begun) or not one.spelled)


def _hint(parts: list[Part]) -> str:
    """What the first of *parts* is, and what else may stand there."""
    says = {part.shown: part.says for part in reversed(parts) if not part.is_rare}
    shown = list(dict.fromkeys(part.shown for part in parts if not part.is_rare))
    if not shown:
        return ""
    return f"{shown[0]}: {says[shown[0]]}" + (f"; or {', '.join(shown[1:])}" if shown[1:] else "")


def _beginning(typed: str) -> list[Completion]:
    return [
        Completion(word, ways[0].says) for word, ways in _BY_WORD.items() if word.startswith(typed) and word != typed
    ]


def _expected(text: str, before: list[Word], among: Surroundings) -> Iterator[tuple[Part, Values]]:
    """What may come behind the words *before*, with what was read of them."""
    cut = text[: before[-1].end]
    for way in _BY_WORD.get(before[0].text.lower(), ()):
        followed = way.line.follow(cut, before, among)
        in_rest = any(part.is_rest for part in followed.next)
        if followed.misfit is None or in_rest:
            yield from ((part, followed.values) for part in followed.next)

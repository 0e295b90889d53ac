"""Reads conditions: a small grammar of its own, of which every refusal says what is wrong, and at which column.

condition  = all ("or" all)*
all        = part ("and" part)*
part       = "not" part | value [SIGN value]        SIGN is == != <= >= < >
value      = NUMBER | "(" condition ")" | word
word       = NAME ["(" argument ("," argument)* ")"] ["." NAME] ["on" NUMBER]
"""

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import NamedTuple

from app.breakpoints.condition import COMPARISONS, Asked, Both, Comparison, Condition, Either, Node, Not, Number
from app.breakpoints.seen import Seen
from app.breakpoints.words import CPU_VALUE_NAMES, WORD_NAMES, Argument, Called, On, Word
from app.hw.machine import Machine

LONGEST = 300
#: Parentheses and "not" in each other.
_DEEPEST = 30
_SMALLEST_MACHINE = 1
_TOKEN = re.compile(
    r"\s*(?:(?P<number>0[xX][0-9a-fA-F]+|[0-9]+)(?![0-9A-Za-z_])|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|"
    r"(?P<sign>[=!<>]=|[<>().,]))"
)
#: What people write who come from other languages.
_MEANT = {"=": "==", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not"}
_KEPT = ("and", "or", "not", "on")


class UnreadableCondition(ValueError):
    """What is wrong with a condition, and the column, from 1, at which it is."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def read_condition(text: str) -> Condition:
    """The condition that *text* is. UnreadableCondition says what is wrong with it, and where."""
    text = re.sub(r"\s", " ", text).strip()
    if len(text) > LONGEST:
        raise UnreadableCondition(LONGEST + 1, f"a condition has {LONGEST} characters at most")
    reader = _Reader(_tokens(text))
    root = reader.either()
    reader.expect_end()
    condition = Condition(text, root)
    if not condition.asks_state and condition.holds(Seen(Machine(_SMALLEST_MACHINE))):
        raise UnreadableCondition(1, "this holds whenever nothing happens, so it can never come true")
    return condition


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while text[place:].strip():
        found = _TOKEN.match(text, place)
        if found is None:
            column = place + len(text[place:]) - len(text[place:].lstrip()) + 1
            raise UnreadableCondition(column, _strange(text[column - 1 :]))
        kind = found.lastgroup or ""
        tokens.append(_Token(kind, found[kind].lower(), found.start(kind) + 1))
        place = found.end()
    return [*tokens, _Token("end", "", len(text) + 1)]


def _strange(rest: str) -> str:
    for written, meant in _MEANT.items():
        if rest.startswith(written) and (len(written) == 2 or not rest.startswith(written * 2)):
            return f"{written!r} is not known here; write {meant}"
    if rest[0].isdigit():
        return f"{rest.split()[0][:20]!r} is no number (write 81 or 0x51)"
    return f"{rest[0]!r} is not known here"


def _unknown(name: str, known: Collection[str], what: str) -> str:
    near = get_close_matches(name, known, 1)
    return f"there is no {what} {name!r}" + (f"; {near[0]}?" if near else f"; known: {', '.join(known)}")


class _Reader:
    """Goes through the tokens once, from left to right."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self, text: str) -> bool:
        """Goes on when *text* is next."""
        if self._next.kind in ("end", "number") or self._next.text != text:
            return False
        self._place += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise UnreadableCondition(self._next.column, f"{text!r} should stand here, not {self._shown()}")

    def _shown(self) -> str:
        return repr(self._next.text) if self._next.kind != "end" else "the end"

    def expect_end(self) -> None:
        """Nothing may follow."""
        if self._next.kind != "end":
            raise UnreadableCondition(
                self._next.column, f"{self._shown()} does not belong here; conditions are joined by and, or"
            )

    def either(self) -> Node:
        """A condition."""
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Node:
        parts = [self._part()]
        while self._take("and"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            column = self._tokens[self._place - 1].column
            raise UnreadableCondition(column, f"no more than {_DEEPEST} conditions may lie in each other")

    def _part(self) -> Node:
        if self._take("not"):
            self._deeper()
            part = Not(self._part())
            self._depth -= 1
            return part
        left = self._value()
        sign = self._next
        if sign.text not in COMPARISONS:
            return self._alone(left)
        self._place += 1
        right = self._value()
        if self._next.text in COMPARISONS:
            raise UnreadableCondition(self._next.column, "one comparison at a time; join them by and")
        return Comparison(sign.text, left, right)

    def _alone(self, value: Node) -> Node:
        if isinstance(value, Asked) and value.word.name == "latency":
            raise UnreadableCondition(
                self._next.column, "a latency is compared with a number of cycles: latency > 5000"
            )
        return value

    def _value(self) -> Node:
        token = self._next
        if token.kind == "number":
            self._place += 1
            return Number(int(token.text, 0) if token.text.startswith("0x") else int(token.text), token.text)
        if self._take("("):
            self._deeper()
            inner = self.either()
            self._expect(")")
            self._depth -= 1
            return inner
        if token.kind != "name" or token.text in _KEPT:
            raise UnreadableCondition(token.column, f"a word or a number should stand here, not {self._shown()}")
        self._place += 1
        return self._asked(token)

    def _asked(self, name: _Token) -> Asked:
        word = WORD_NAMES.get(name.text)
        if word is None:
            raise UnreadableCondition(name.column, _unknown(name.text, WORD_NAMES, "word"))
        arguments = self._arguments(word)
        of_cpu = self._of_cpu() if word.name == "cpu" else ""
        return Asked(word, Called(arguments, self._cpu(word), of_cpu))

    def _arguments(self, word: Word) -> tuple[int, ...]:
        needed = sum(not one.optional for one in word.arguments)
        arguments: list[int] = []
        opened = self._next
        if self._take("("):
            if not word.arguments:
                raise UnreadableCondition(opened.column, f"{word.name} takes nothing in parentheses: {word.example}")
            while len(arguments) < len(word.arguments) and (not arguments or self._take(",")):
                arguments.append(self._argument(word.arguments[len(arguments)]))
            self._expect(")")
        if len(arguments) < needed:
            missing = word.arguments[len(arguments)].called
            raise UnreadableCondition(opened.column, f"{word.name} needs a {missing}: {word.example}")
        return tuple(arguments)

    def _argument(self, wanted: Argument) -> int:
        token = self._next
        self._place += token.kind != "end"
        if token.kind == "name" and wanted.names is not None:
            if token.text not in wanted.names:
                raise UnreadableCondition(token.column, _unknown(token.text, wanted.names, wanted.called))
            return wanted.names[token.text]
        if token.kind != "number" or wanted.names is not None:
            known = f": {', '.join(wanted.names)}" if wanted.names else ""
            shown = repr(token.text) if token.text else "the end"
            raise UnreadableCondition(token.column, f"a {wanted.called} should stand here, not {shown}{known}")
        number = int(token.text, 0) if token.text.startswith("0x") else int(token.text)
        if number > wanted.highest:
            limit = f"0 to {wanted.highest} ({wanted.highest:#x})"
            raise UnreadableCondition(token.column, f"there is no {wanted.called} {token.text}: it is {limit}")
        return number

    def _of_cpu(self) -> str:
        self._expect(".")
        token = self._next
        if token.text not in CPU_VALUE_NAMES or token.kind != "name":
            raise UnreadableCondition(token.column, _unknown(token.text, CPU_VALUE_NAMES, "value of a CPU"))
        self._place += 1
        return token.text

    def _cpu(self, word: Word) -> int | None:
        token = self._next
        if not self._take("on"):
            return None
        if word.on is On.NEVER:
            raise UnreadableCondition(token.column, f"{word.name} is not of a CPU: {word.example}")
        number = self._next
        if number.kind != "number":
            raise UnreadableCondition(number.column, f"the number of a CPU should stand here, not {self._shown()}")
        self._place += 1
        return int(number.text, 0) if number.text.startswith("0x") else int(number.text)

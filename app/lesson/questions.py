"""Questions, and their answers: the right one is what the model does on a copy, the wrong ones are what well-known
wrong ideas would give. Each kind of question says everything about itself in ``kinds``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.commands.command import Field
from app.engine.simulation import Simulation
from app.lesson.situation import NoAnswer as NoAnswer
from app.lesson.situation import Situation
from app.x86.words import VectorNames

#: An answer: a number, several in their order, a word of a fate; None: nothing, or nobody.
Value = int | str | tuple[int, ...] | None
#: The answer that follows from an idea; NotApplicable where nothing does.
Predict = Callable[[Situation], Value]
#: A question that fewer wrong ideas lead astray in is too easy.
FEWEST_WRONG = 2
#: So many wrong answers are offered, those of the ideas that a kind names first: more nobody reads.
MOST_WRONG = 4


class Rule(NamedTuple):
    """A wrong idea: *sentence* is what people believe, *predict* the answer that follows from it."""

    name: str
    sentence: str
    predict: Predict


class NotApplicable(Exception):
    """A wrong idea says nothing of this situation."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question. *asks* is the question, with places for its parameters; *answer* gives the right answer, or
    raises NoAnswer; *words* puts any answer into words. *needs_when*: without lines that are done there is none."""

    name: str
    asks: Callable[[Mapping[str, Any], VectorNames], str]
    answer: Callable[[Situation], Value]
    words: Callable[[Value, VectorNames], str]
    rules: tuple[Rule, ...]
    parameters: tuple[Field, ...] = ()
    needs_when: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question as a lesson asks it: its kind, that kind's parameters, and *when*, lines that are done first."""

    kind: Kind
    values: Mapping[str, Any]
    when: tuple[str, ...] = ()

    def words(self, names: VectorNames) -> str:
        """The question in one sentence."""
        asked = self.kind.asks(self.values, names)
        done = ", then ".join(f"`{line}`" for line in self.when)
        return f"{done}: {asked[:1].lower()}{asked[1:]}" if done else asked


class Option(NamedTuple):
    """One answer that can be chosen. *ideas* are the wrong ideas that lead there; the right one has none."""

    value: Value
    words: str
    ideas: tuple[Rule, ...] = ()

    @property
    def right(self) -> bool:
        return not self.ideas


class Answered(NamedTuple):
    """A question with its options, in an order that does not tell which is right."""

    options: tuple[Option, ...]

    @property
    def right(self) -> Option:
        """What the model does."""
        return next(option for option in self.options if option.right)

    @property
    def wrong(self) -> tuple[Option, ...]:
        """What only wrong ideas give."""
        return tuple(option for option in self.options if not option.right)

    @property
    def too_easy(self) -> str:
        """That too few wrong ideas lead elsewhere, in a sentence; "" where enough do."""
        if len(self.wrong) >= FEWEST_WRONG:
            return ""
        found = f"only {self.wrong[0].words}" if self.wrong else "none"
        return f"it is too easy: of the answers that wrong ideas give, {found} differs from the right one"


def answered(question: Question, simulation: Simulation, names: VectorNames) -> Answered:
    """The options of *question* at the moment at which *simulation* stands, which nobody moves. NoAnswer says why there
    is none."""
    kind = question.kind
    situation = Situation(simulation, question.when, question.values)
    right = kind.answer(situation)
    ideas: dict[Value, list[Rule]] = {}
    for rule in kind.rules:
        try:
            value = rule.predict(situation)
        except (NotApplicable, NoAnswer):
            continue
        if value != right:
            ideas.setdefault(value, []).append(rule)
    options = [Option(right, kind.words(right, names))]
    wrong = list(ideas.items())[:MOST_WRONG]
    options += [Option(value, kind.words(value, names), tuple(rules)) for value, rules in wrong]
    return Answered(tuple(sorted(options, key=_order)))


def _order(option: Option) -> tuple[int, tuple[int, ...], str]:
    """Numbers upwards, then what has no number by its words, and nothing last."""
    match option.value:
        case None:
            return 2, (), ""
        case int() as number:
            return 0, (number,), ""
        case tuple() as numbers:
            return 0, (len(numbers), *numbers), ""
        case word:
            return 1, (), word

"""Every kind of question, by its name, in the order in which people are told of them."""

from app.lesson.kinds.count import COUNT
from app.lesson.kinds.ended import ENDED
from app.lesson.kinds.fate import FATE
from app.lesson.kinds.next_taken import NEXT_CPU, NEXT_VECTOR
from app.lesson.kinds.order import ORDER
from app.lesson.kinds.priority import PPR
from app.lesson.kinds.receivers import RECEIVERS
from app.lesson.kinds.waits_for import WAITS_FOR
from app.lesson.questions import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (NEXT_VECTOR, NEXT_CPU, ORDER, RECEIVERS, FATE, COUNT, PPR, ENDED, WAITS_FOR)
}

"""Records for tests: a session with a branch, and the commands of its journal."""

from app.history.kept import Kept, KeptBranch, KeptCommand, KeptFlag, KeptKeyframe, KeptMoment, KeptSession
from app.history.store import Store


def a_session(name: str = "ABC234", **changes: object) -> KeptSession:
    session = KeptSession(name, f"hash of {name}'s key", '{"cpus": 4}', "0.5.0", 1_000.5, 1_000.5)
    return session._replace(**changes)  # type: ignore[arg-type]


def a_branch(session: str = "ABC234", branch: int = 0, **changes: object) -> KeptBranch:
    parent, leaves_at = (None, 0) if branch == 0 else (0, 5)
    return KeptBranch(session, branch, f"way {branch}", parent, leaves_at, leaves_at, 0)._replace(**changes)  # type: ignore[arg-type]


def a_command(number: int, session: str = "ABC234", branch: int = 0, **changes: object) -> KeptCommand:
    body = f'{{"type": "send_ipi", "cpu": {number % 4}}}'
    command = KeptCommand(session, branch, number, 10 * number, 1_000 * number, "a viewer", body)
    return command._replace(**changes)  # type: ignore[arg-type]


def a_keyframe(tick: int, session: str = "ABC234", branch: int = 0, **changes: object) -> KeptKeyframe:
    keyframe = KeptKeyframe(session, branch, tick, 100 * tick, "0.5.0", "f1", f"hash at {tick}", bytes(range(256)))
    return keyframe._replace(**changes)  # type: ignore[arg-type]


def a_moment(link: str, session: str = "ABC234", branch: int = 0, **changes: object) -> KeptMoment:
    moment = KeptMoment(link, session, branch, 20, 2_000, 1_001.0, "look at CPU 2", '{"zoom": 2}')
    return moment._replace(**changes)  # type: ignore[arg-type]


def a_flag(flag: int, link: str, session: str = "ABC234", **changes: object) -> KeptFlag:
    return KeptFlag(session, flag, link, f"word {flag}", "a viewer")._replace(**changes)  # type: ignore[arg-type]


def kept(store: Store, *records: Kept) -> None:
    """Keeps them, and waits until the disk has them."""
    store.keep(*records).result()

"""Whatever is asked of a store, in whatever order and with how many restarts, it keeps what three dictionaries keep."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.history.kept import KeptBranch, KeptCommand, KeptMoment, KeptSession
from app.history.store import Store
from app.history.store_errors import Contradiction
from tests.history.records import a_branch, a_command, a_keyframe, a_moment, a_session

NAMES = ["ABC234", "DEF567", "GHI234", "JKL567"]
SESSIONS = st.sampled_from(NAMES)
BRANCHES = st.sampled_from([0, 0, 1])
#: What ends much is rare: otherwise there is never anything that could go wrong.
RARELY = st.sampled_from([True] + [False] * 5)


class StoreAndDictionaries(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.directory = TemporaryDirectory(prefix="apicscope-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.store = Store(Path(self.directory.name))
        self.sessions: dict[str, KeptSession] = {}
        self.branches: dict[tuple[str, int], KeptBranch] = {}
        self.journals: dict[tuple[str, int], list[KeptCommand]] = {}
        self.moments: dict[str, KeptMoment] = {}
        self.gone: set[str] = set()

    def teardown(self) -> None:
        self.store.close()
        self.directory.cleanup()

    def refused(self, *records: KeptSession | KeptBranch | KeptCommand | KeptMoment) -> bool:
        error = self.store.keep(*records).exception()
        assert error is None or isinstance(error, Contradiction)
        return error is not None

    @initialize()
    def begins(self) -> None:
        for name in NAMES:
            self.keeps_a_session(name, None)
            self.keeps_a_branch(name, 0, 5)

    @rule(name=SESSIONS, ended=st.sampled_from([None, 5.0]))
    def keeps_a_session(self, name: str, ended: float | None) -> None:
        session = a_session(name, ended=ended)
        assert self.refused(session) == (name in self.gone)
        if name not in self.gone:
            self.sessions[name] = session

    @rule(name=SESSIONS, number=BRANCHES, head=st.integers(5, 9))
    def keeps_a_branch(self, name: str, number: int, head: int) -> None:
        branch = a_branch(name, number, head=head)
        before = self.branches.get((name, number))
        possible = name in self.sessions and (number == 0 or (name, 0) in self.branches)
        possible = possible and (before is None or before.head <= head)
        assert self.refused(branch) != possible
        if possible:
            self.branches[name, number] = branch
            self.journals.setdefault((name, number), [])

    @rule(name=SESSIONS, branch=BRANCHES, ahead=st.sampled_from([-1, 0, 0, 0, 0, 1]), key=st.sampled_from([None, "k"]))
    def keeps_a_command(self, name: str, branch: int, ahead: int, key: str | None) -> None:
        journal = self.journals.get((name, branch), [])
        command = a_command(max(0, len(journal) + ahead), name, branch, key=key)
        if command in journal:
            assert not self.refused(command)
            return
        taken = key and any(c.key == key for (of, _), own in self.journals.items() if of == name for c in own)
        possible = (name, branch) in self.branches and command.number == len(journal) and not taken
        assert self.refused(command) != possible
        if possible:
            journal.append(command)

    @rule(name=SESSIONS, branch=BRANCHES, link=st.sampled_from(["m1", "m2", "m3"]))
    def keeps_a_moment(self, name: str, branch: int, link: str) -> None:
        moment = a_moment(link, name, branch)
        possible = self.moments.get(link, moment) == moment and (name, branch) in self.branches
        assert self.refused(moment) != possible
        if possible:
            self.moments[link] = moment

    @rule(name=SESSIONS, branch=BRANCHES, tick=st.integers(0, 50))
    def keeps_a_keyframe(self, name: str, branch: int, tick: int) -> None:
        error = self.store.keep(a_keyframe(tick, name, branch)).exception()
        assert (error is None) == ((name, branch) in self.branches)

    @rule(name=SESSIONS, sure=RARELY)
    def deletes(self, name: str, sure: bool) -> None:
        if not sure:
            return
        error = self.store.delete(name).exception()
        assert (error is None) == (name in self.sessions)
        self.is_gone(name)

    @rule(linked=st.booleans(), sure=RARELY)
    def forgets(self, linked: bool, sure: bool) -> None:
        if not sure:
            return
        leaving = {
            name
            for name, session in self.sessions.items()
            if session.ended is not None and (linked or all(m.session != name for m in self.moments.values()))
        }
        assert set(self.store.forget(0, linked).result().sessions) == leaving
        for name in leaving:
            self.is_gone(name)

    def is_gone(self, name: str) -> None:
        if self.sessions.pop(name, None):
            self.gone.add(name)
        self.branches = {key: branch for key, branch in self.branches.items() if key[0] != name}
        self.journals = {key: journal for key, journal in self.journals.items() if key[0] != name}
        self.moments = {link: moment for link, moment in self.moments.items() if moment.session != name}

    @rule()
    def restarts(self) -> None:
        self.store.close()
        self.store = Store(Path(self.directory.name))
        assert self.store.condition == self.store.condition._replace(state="open", missing="", set_aside=())

    @invariant()
    def both_keep_the_same(self) -> None:
        assert {session.id: session for session in self.store.sessions().result()} == self.sessions
        for name in NAMES:
            branches = {branch.branch: branch for branch in self.store.branches(name).result()}
            assert sorted(branches) == sorted(number for of, number in self.branches if of == name)
            for number, branch in branches.items():
                assert branch.head >= self.branches[name, number].head
                assert list(self.store.commands(name, number).result()) == self.journals[name, number]
            assert {m.link: m for m in self.store.moments(name).result()} == {
                link: moment for link, moment in self.moments.items() if moment.session == name
            }
            gone = self.store.gone(name).result()
            assert (gone is not None) == (name in self.gone)


TestStoreAndDictionaries = StoreAndDictionaries.TestCase

"""What may happen in a room and to its model, as rules that hypothesis or a fuzzer plays."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from protocol import codec
from protocol.close_codes import CloseCode
from protocol.error_codes import ErrorCode
from protocol.fields.field_types import Target
from protocol.frames import (
    Input,
    Kick,
    Leave,
    LeftReason,
    Notice,
    NoticeDetail,
    NoticeKind,
    PlayerInfo,
    Presence,
    PresenceState,
    Set,
    Snapshot,
    Subscribe,
    Transfer,
    Update,
)
from relay.history.history import History
from relay.room.effects import Answered, Close, Gone, TurnedAway
from relay.room.entries import (
    Acknowledge,
    Detach,
    Dissolve,
    Entry,
    Evict,
    Expire,
    Join,
    Lag,
    Operate,
    Refuse,
    Relieve,
    Retire,
    Say,
    Succeed,
)
from tests.helpers.playbook import (
    AWAY,
    CANNOT_HOST,
    EPOCH,
    HERE,
    SPECTATOR,
    Moves,
    Refused,
    Witness,
    a_room,
    asks,
    key,
    sends,
)
from tests.helpers.room_and_model import RoomAndModel
from tests.helpers.room_model import Model
from tests.helpers.room_model_people import SAID, Snap

CAPACITY, SPECTATORS, HISTORY, OUTBOX = 4, 1, 30, 12
PLAYER = PlayerInfo()
NETWORKS = (None, b"home", b"elsewhere")

WHO = st.integers(0, 60)
WHOEVER_IS_HOST = 60
NUMBERS = st.integers(1, 7)
GROUPS = st.sets(st.integers(1, 2)).map(tuple)
TARGETS = st.none() | st.booleans() | st.integers(-2, 7) | st.lists(NUMBERS, max_size=4).map(tuple)
PAYLOADS = st.binary(max_size=3)
SETTINGS = [
    *((key, value) for key in ("k", "@capacity") for value in (False, b"\x02", b"\x05")),
    *(("@bar", value) for value in (False, codec.pack("seat"), codec.pack("address"))),
]
VERSIONS = st.just(False) | st.integers(0, 20)
ERRAND = 1_000_000


class RoomMachine(RoomAndModel):
    """Drives a room and its model. Connections that are long gone keep on talking."""

    # Connections.

    @initialize(history=st.sampled_from(["none", "snapshot", "full"]))
    def begin(self, history: str) -> None:
        self.room = a_room(capacity=CAPACITY, spectators=SPECTATORS, history=history, host_away=9)
        self.room.history = History(max_frames=HISTORY)
        self.witness = Witness(self.room, max_frames=OUTBOX)
        self.model = Model(CAPACITY, SPECTATORS, kept=HISTORY, bound=OUTBOX, option=history)
        for player in (1, 2, 3):
            self.join(player, PLAYER, None, None)

    @rule(
        secret=st.none() | st.integers(1, 6),
        info=st.sampled_from([PLAYER, PLAYER, SPECTATOR, CANNOT_HOST]),
        position=st.none() | st.tuples(st.just(b"8 others") | st.just(EPOCH), st.integers(0, 60)),
        network=st.sampled_from(NETWORKS),
    )
    def join(
        self,
        secret: int | None,
        info: PlayerInfo,
        position: tuple[bytes, int] | None,
        network: bytes | None,
    ) -> None:
        self.made += 1
        hashed = key(secret) if secret is not None else None
        self.secrets[self.made] = secret
        effects = self.apply(Join(self.made, hashed, info, position, network))
        if position is not None and position[0] != EPOCH:
            expected: ErrorCode | None = ErrorCode.EPOCH_CHANGED
        else:
            reached = position and position[1]
            expected = self.model.join(self.made, hashed, info, reached, network)
        refusals = [effect.refusal.code for effect in effects if isinstance(effect, TurnedAway)]
        assert refusals == ([expected] if expected else [])
        if person := self.model.at(self.made):
            self.numbers[self.made] = person.number

    @rule(who=WHO)
    def come_back(self, who: int) -> None:
        """Resume from what one's newest connection has heard."""
        connection = self.pick(who)
        reached = self.witness.reached.get(connection, 0)
        self.join(self.secrets[connection], PLAYER, (EPOCH, reached), None)

    @rule(who=WHO)
    def drop(self, who: int) -> None:
        """Lose a connection and come back after a while."""
        connection = self.pick(who)
        reached = self.witness.reached.get(connection, 0)
        self.detach(who)
        for other in range(10, 14):
            self.send(other, True, b"missed")
        self.join(self.secrets[connection], PLAYER, (EPOCH, reached), None)

    @rule(who=WHO, times=st.integers(1, 20))
    def burst(self, who: int, times: int) -> None:
        """Send so much that histories are trimmed and outboxes fall behind."""
        for number in range(times):
            self.send(who, True, bytes((number,)))

    @rule(who=WHO)
    def detach(self, who: int) -> None:
        connection = self.pick(who)
        self.apply(Detach(connection))
        if person := self.model.at(connection):
            self.model.detach(person)

    @rule(who=WHO)
    def evict(self, who: int) -> None:
        connection = self.pick(who)
        self.apply(Evict(connection))
        if person := self.model.at(connection):
            self.model.remove(person, LeftReason.LEFT)

    @rule(who=WHO)
    def leave(self, who: int) -> None:
        connection = self.pick(who)
        self.apply(asks(connection, Leave()))
        if person := self.model.at(connection):
            self.model.remove(person, LeftReason.LEFT)

    @rule(who=WHO)
    def acknowledge(self, who: int) -> None:
        connection = self.pick(who)
        self.apply(Acknowledge(connection))

    @rule(data=st.data())
    def ring(self, data: st.DataObject) -> None:
        """Let a timer ring: any that was ever set, and any number of times."""
        if not self.timers:
            return
        self.let_ring(data.draw(st.sampled_from(self.timers)))

    @rule(states=st.lists(st.sampled_from([AWAY, HERE]), min_size=1, max_size=4), data=st.data())
    def wander_off(self, states: list[PresenceState], data: st.DataObject) -> None:
        """Let the host be away, maybe more than once, until one of its timers rings."""
        for state in states:
            self.say_presence(WHOEVER_IS_HOST, state)
        if timers := [entry for entry in self.timers[-4:] if isinstance(entry, Relieve)]:
            self.let_ring(data.draw(st.sampled_from(timers)))

    def let_ring(self, entry: Entry) -> None:
        effects = self.apply(entry)
        match entry:
            case Expire(connection):
                if person := self.model.lost_with(connection):
                    self.model.remove(person, LeftReason.EXPIRED)
            case Succeed(term, connection):
                if term == self.model.term and self.model.lost_with(connection):
                    self.model.elect()
            case Relieve(term, absence):
                self.model.relieve(term, absence)
            case Retire(joins):
                is_over = not self.model.people and joins == self.model.joins
                assert list(effects) == [Gone()] * is_over

    # Frames.

    @rule(who=WHO, to=TARGETS, payload=PAYLOADS)
    def send(self, who: int, to: Target, payload: bytes) -> None:
        connection, to = self.pick(who), self.target(to)
        self.apply(sends(connection, to, payload))
        if person := self.count(connection):
            receivers = self.model.addressees(to, person)
            if isinstance(receivers, ErrorCode):
                self.model.refuse(person, receivers)
            else:
                is_to_all = to is None or isinstance(to, bool)
                all_but = (0 if to is True else person.number) if is_to_all else None
                self.model.send(receivers, person.number, payload, all_but)

    @rule(who=WHO, to=TARGETS, key=st.integers(0, 1), payload=PAYLOADS)
    def move(self, who: int, to: Target, key: int, payload: bytes) -> None:
        connection, to = self.pick(who), self.target(to)
        refused = self.witness.move(Moves(connection, key, to, payload))
        if person := self.model.at(connection):
            receivers = self.model.addressees(to, person)
            if isinstance(receivers, ErrorCode):
                assert refused == [Refused(receivers)]
            else:
                assert not refused
                update = Update(key, person.number, payload)
                self.model.put(receivers, (person.number, key), update)
                if to is None or isinstance(to, bool):
                    self.model.values.setdefault(person.number, {})[key] = update

    @rule(who=WHO)
    def malformed(self, who: int) -> None:
        connection = self.pick(who)
        self.apply(Refuse(connection, ErrorCode.ARITY, "SEND has two fields"))
        if person := self.count(connection):
            self.model.refuse(person, ErrorCode.ARITY)

    @rule(who=WHO)
    def unavailable(self, who: int) -> None:
        connection = self.pick(who)
        self.apply(asks(connection, Input(0, b"")))
        if person := self.count(connection):
            self.model.refuse(person, ErrorCode.NOT_AVAILABLE)

    @rule(who=WHO, add=GROUPS, remove=GROUPS)
    def subscribe(self, who: int, add: tuple[int, ...], remove: tuple[int, ...]) -> None:
        connection = self.pick(who)
        self.apply(asks(connection, Subscribe(add, remove)))
        if person := self.count(connection):
            person.groups = (person.groups | set(add)) - set(remove)

    @rule(who=WHO, state=st.sampled_from([HERE, AWAY]))
    def say_presence(self, who: int, state: PresenceState) -> None:
        connection = self.pick(who)
        self.apply(asks(connection, Presence(state)))
        if person := self.model.at(connection):
            self.model.say(person, state)

    @rule(who=WHO, which=NUMBERS)
    def kick(self, who: int, which: int) -> None:
        connection, number = self.pick(who), self.number(which)
        self.apply(asks(connection, Kick(number)))
        if person := self.count(connection):
            if reason := self.model.may_kick(person, number):
                self.model.refuse(person, reason)
            else:
                self.model.kick(self.model.people[number])

    @rule(who=WHO, which=NUMBERS)
    def transfer(self, who: int, which: int) -> None:
        connection, number = self.pick(who), self.number(which)
        self.apply(asks(connection, Transfer(number)))
        if person := self.count(connection):
            if reason := self.model.may_transfer(person, number):
                self.model.refuse(person, reason)
            else:
                self.model.make_host(number)

    @rule(
        who=WHO,
        scope=st.just(0) | NUMBERS,
        setting=st.sampled_from(SETTINGS),
        expected=VERSIONS,
    )
    def set_property(
        self, who: int, scope: int, setting: tuple[str, bytes | bool], expected: int | bool
    ) -> None:
        key, value = setting
        connection, scope = self.pick(who), scope and self.number(scope)
        frame = Set(scope, key, value, expected)
        self.apply(asks(connection, frame))
        if person := self.count(connection):
            if reason := self.model.may_set(person, frame):
                self.model.refuse(person, reason)
            else:
                self.model.write(frame, person.number)

    @rule(who=WHO, back=st.integers(-1, 40))
    def give_snapshot(self, who: int, back: int) -> None:
        connection = self.pick(who)
        frame = Snapshot(max(0, self.room.seq - back), 0, 1, b"state")
        self.apply(asks(connection, frame))
        if person := self.count(connection):
            if reason := self.model.may_give(person, frame):
                self.model.refuse(person, reason)
            else:
                self.model.snap = Snap(frame, person.number, len(self.model.history))
                self.model.due = len(self.model.history)

    # The operator.

    @rule(which=NUMBERS)
    def be_expelled(self, which: int) -> None:
        number = self.number(which)
        refused = self.operate(Kick(number, "enough"))
        assert refused == self.model.may_be_expelled(number)
        if not refused:
            self.model.kick(self.model.people[number])

    @rule(which=NUMBERS)
    def be_appointed(self, which: int) -> None:
        number = self.number(which)
        refused = self.operate(Transfer(number))
        assert refused == self.model.may_be_host(number)
        if not refused:
            self.model.make_host(number)

    @rule(setting=st.sampled_from(SETTINGS))
    def set_option(self, setting: tuple[str, bytes | bool]) -> None:
        key, value = setting
        frame = Set(0, key, value)
        refused = self.operate(frame)
        is_option = key.startswith("@") and value is not False
        assert refused == (None if is_option else ErrorCode.NOT_AVAILABLE)
        if not refused:
            self.model.write(frame, 0)

    def operate(self, frame: Kick | Transfer | Set) -> ErrorCode | None:
        """Let the operator do something. Return why the room refuses it; None if it does it."""
        *_, answer = self.apply(Operate(ERRAND, frame))
        assert isinstance(answer, Answered)
        assert answer.errand == ERRAND
        return None if answer.refusal is None else answer.refusal.code

    @rule(text=st.sampled_from(["", "We restart at 8."]))
    def say(self, text: str) -> None:
        assert list(self.apply(Say(ERRAND, text))) == [Answered(ERRAND)]
        notice = Notice(NoticeKind.OPERATOR, NoticeDetail(said=text))
        self.model.put(self.model.people, SAID, notice)

    @precondition(lambda self: self.made > 12)
    @rule()
    def dissolve(self) -> None:
        """Let the operator end the room, and begin a new one of the name."""
        attached = sorted(self.room.seats.attached)
        *closes, gone, answered = self.witness.apply(Dissolve(ERRAND))
        assert [(each.attachment, each.code) for each in closes if isinstance(each, Close)] == [
            (attachment, CloseCode.KICKED) for attachment in attached
        ]
        assert (gone, answered) == (Gone(), Answered(ERRAND))
        for attachment in attached:
            self.model.streams[attachment].end()
        self.teardown()
        self.timers.clear()
        self.begin(self.model.option)

    @rule(who=WHO, is_lagging=st.booleans())
    def lag(self, who: int, is_lagging: bool) -> None:
        connection = self.pick(who)
        self.apply(Lag(connection, is_lagging))
        if person := self.model.at(connection):
            self.model.lag(person, is_lagging)

    # What each connection hears, sooner or later.

    @rule(who=WHO)
    def hear(self, who: int) -> None:
        self.hear_one(self.pick(who))

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { CloseCode, ErrorCode, PresenceState } from "../../../clients/browser/src/index.js";
import { LocalProtocolError } from "../../../clients/browser/src/errors.js";
import type { Event } from "../../../clients/browser/src/events.js";
import type { FrameOf } from "../../../clients/browser/src/frames.js";
import { pack } from "../../../clients/browser/src/payload.js";
import { Room } from "../../../clients/browser/src/room.js";
import { RoomClosed } from "../../../clients/browser/src/room-closed.js";
import { type FakeSocket, fakeSockets } from "./fake-socket.js";
import { error, joined, welcome } from "./frames.js";

const SEAT = new Uint8Array(16).fill(7);
const hi = pack("hi");
let now = 0;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  now = 0;
});

/** Lets time pass, a second at a time. */
function pass(milliseconds: number): void {
  for (let left = milliseconds; left > 0; left -= 1000) {
    now += Math.min(left, 1000);
    mock.timers.tick(Math.min(left, 1000));
  }
}

interface Entered {
  room: Room;
  events: Event[];
  /** The newest connection. */
  socket(): FakeSocket;
  attempts(): number;
}

function enter(options = {}): Entered {
  const { made, WebSocket } = fakeSockets();
  const world = { WebSocket, now: () => now, random: () => 0.5 };
  const room = new Room(
    "ws://relay/r/K7QF",
    "k7qf",
    { seat: SEAT, name: "Ada", ...options },
    world,
  );
  const events: Event[] = [];
  const types = ["message", "updated", "joined", "left", "presenceChanged", "hostChanged", "propertyChanged", "refused", "notice", "live", "reconnecting", "resumed", "lost", "closed"] as const; // prettier-ignore
  for (const type of types) room.on(type, (event: Event) => void events.push(event));
  return { room, events, socket: () => made.at(-1)!, attempts: () => made.length };
}

/** Enters a room in which Bob is too, and is live. */
function enterLive(options = {}): Entered {
  const entered = enter(options);
  entered.socket().open();
  entered.socket().tell(welcome(), joined(1, "Ada", 1), joined(2, "Bob", 2));
  entered.socket().tell({ type: "Host", seq: 3, player: 1, term: 1 }, { type: "Live", seq: 3 });
  entered.socket().heard();
  entered.events.length = 0;
  return entered;
}

const types = (events: readonly { type: string }[]): string[] => events.map(({ type }) => type);
const only = <T>(list: readonly T[]): T => (assert.equal(list.length, 1), list[0]!);

test("HELLO is the first frame, on the subprotocol", () => {
  const { socket } = enter();
  assert.equal(socket().protocol, "roomwire.1");
  assert.equal(socket().binaryType, "arraybuffer");
  socket().open();
  const hello = only(socket().heard()) as {
    type: string;
    options: { name: string; seat: unknown };
  };
  assert.deepEqual([hello.type, hello.options.name, hello.options.seat], ["Hello", "Ada", SEAT]);
});

test("the room is told as it stands, and is then live", async () => {
  const { room, events, socket } = enter();
  assert.equal(room.state, "connecting");
  socket().open();
  socket().tell(welcome(), joined(1, "Ada", 1), joined(2, "Bob", 2));
  socket().tell({ type: "Host", seq: 3, player: 2, term: 4 });
  assert.equal(room.state, "connecting");
  socket().tell({ type: "Live", seq: 3 });
  await room.ready;
  assert.deepEqual(types(events), ["joined", "joined", "hostChanged", "live"]);
  assert.deepEqual(
    [room.state, room.code, room.me, room.host, room.term],
    ["live", "K7QF", 1, 2, 4],
  );
  assert.deepEqual(room.players.get(2), {
    number: 2,
    name: "Bob",
    role: "player",
    state: 0,
    isHost: true,
  });
  assert.equal(room.players.get(1)?.isHost, false);
});

test("LIVE is acknowledged, and the clock asks three times", () => {
  const { socket } = enter();
  socket().open();
  socket().heard();
  socket().tell(welcome(), { type: "Live", seq: 3 });
  pass(300);
  assert.deepEqual(types(socket().heard()), ["Ack", "Ping", "Ping", "Ping"]);
});

test("WELCOME sets the clock, and a faster PONG betters it", () => {
  const { room, socket } = enter();
  socket().open();
  now = 4;
  socket().tell(welcome({ time: 7_000_000 }), { type: "Live", seq: 3 });
  assert.equal(room.clock.now(), 7_002_000);
  now = 10;
  socket().tell({ type: "Pong", t: 9000, received: 5_000_500, sent: 5_000_500, taken: 0, seq: 3 });
  assert.deepEqual([room.clock.latest, room.clock.now()], [1000, 5_001_000]);
});

test("positions are acknowledged once a second, and only if they changed", () => {
  const { socket } = enterLive();
  pass(500);
  socket().heard();
  socket().tell({ type: "Deliver", seq: 8, sender: 2, payload: hi });
  pass(1000);
  assert.deepEqual(socket().heard(), [{ type: "Ack", seq: 8 }]);
  pass(1000);
  assert.deepEqual(socket().heard(), []);
});

test("what others send comes as values, read when they are wanted", () => {
  const { events, socket } = enterLive();
  socket().tell({ type: "Deliver", seq: 8, sender: 2, payload: hi });
  socket().tell({ type: "Update", key: 4, sender: 2, payload: pack([1, 2]) });
  const [message, updated] = events;
  assert.ok(message?.type === "message" && updated?.type === "updated");
  assert.deepEqual(
    [message.seq, message.sender, message.value, message.player.name],
    [8, 2, "hi", "Bob"],
  );
  assert.deepEqual([updated.key, updated.sender, updated.value], [4, 2, [1, 2]]);
});

test("a payload that is no value throws when it is read, with its code and offset", () => {
  const { events, socket } = enterLive();
  socket().tell({ type: "Deliver", seq: 8, sender: 2, payload: Uint8Array.of(0x92, 1) });
  const message = only(events);
  assert.ok(message.type === "message");
  assert.throws(() => message.value, { code: ErrorCode.TRUNCATED, offset: 2 });
  assert.deepEqual(message.payload, Uint8Array.of(0x92, 1));
});

test("targets are what they are called", () => {
  const { room, socket } = enterLive();
  const bob = room.players.get(2)!;
  for (const to of [undefined, null, true, 0, 2, bob, -7, [bob, 3]]) {
    void room.send("hi", to === undefined ? {} : { to });
  }
  const targets = socket()
    .heard()
    .map((frame) => frame.type === "Send" && frame.target);
  assert.deepEqual(targets, [null, null, true, 0, 2, 2, -7, [2, 3]]);
});

test("send resolves with the frame's number", async () => {
  const { room } = enterLive();
  assert.equal(await room.send("one"), 1);
  assert.equal(await room.sendBytes(hi), 2);
});

test("a full window makes send wait until the relay takes one", async () => {
  const { room, socket } = enterLive();
  for (let number = 0; number < 256; number++) void room.send(number);
  let resolved = false;
  const last = room.send("last").then((count) => ((resolved = true), count));
  await Promise.resolve();
  assert.equal(socket().heardOfGame().length, 256);
  assert.ok(!resolved);
  socket().tell({ type: "Taken", taken: 1, seq: 3 });
  assert.equal(await last, 257);
  assert.equal(socket().heardOfGame().length, 1);
});

test("what cannot be packed, or is too big, throws at once", () => {
  const { room } = enterLive();
  assert.throws(() => void room.send(new Map()), LocalProtocolError);
  assert.throws(() => void room.sendBytes(new Uint8Array(20_000)), { code: ErrorCode.TOO_BIG });
  assert.throws(() => room.volatile(256, 1), LocalProtocolError);
});

test("before WELCOME, frames wait and then go out in order", async () => {
  const { room, socket } = enter();
  const first = room.send(1);
  void room.send(2);
  room.volatile(0, "old");
  room.volatile(0, "new");
  socket().open();
  socket().heard();
  socket().tell(welcome());
  const frames = socket().heard() as { type: string; payload: Uint8Array }[];
  assert.deepEqual(types(frames), ["Send", "Send", "Volatile"]);
  assert.deepEqual(frames[2]!.payload, pack("new"));
  assert.equal(await first, 1);
});

test("a lost connection comes back from its position, and sends the rest again", () => {
  const { room, events, socket, attempts } = enterLive();
  void room.send("taken");
  void room.send("not taken");
  socket().tell({ type: "Taken", taken: 1, seq: 5 });
  socket().end();
  assert.deepEqual(events, [{ type: "reconnecting", attempt: 1, delay: 50, reason: "lost" }]);
  assert.equal(room.state, "reconnecting");
  void room.send("while away");
  pass(50);
  assert.equal(attempts(), 2);
  socket().open();
  const hello = only(socket().heard());
  assert.ok(hello.type === "Hello");
  assert.deepEqual(hello.options.position, [welcome().session.epoch, 5]);
  socket().tell(welcome({ seq: 5, resumed: true, taken: 1 }), { type: "Live", seq: 5 });
  const payloads = socket()
    .heardOfGame()
    .map((frame) => frame.type === "Send" && frame.payload);
  assert.deepEqual(payloads, [pack("not taken"), pack("while away")]);
  assert.deepEqual(types(events).slice(1), ["resumed", "live"]);
  assert.deepEqual(types([...room.players.values()].map(({ name }) => ({ type: name }))), [
    "Ada",
    "Bob",
  ]);
});

test("the newest volatile values are told again after a reconnect", () => {
  const { room, socket } = enterLive();
  room.volatile(0, 1);
  room.volatile(1, "a");
  socket().end();
  room.volatile(0, 2);
  pass(50);
  socket().open();
  socket().heard();
  socket().tell(welcome({ resumed: true }));
  const values = socket()
    .heard()
    .map((frame) => frame.type === "Volatile" && [frame.key, frame.payload]);
  assert.deepEqual(values, [
    [0, pack(2)],
    [1, pack("a")],
  ]);
});

test("a fresh stream tells the room anew", () => {
  const { room, events, socket } = enterLive();
  socket().end();
  pass(50);
  socket().open();
  socket().tell(error(ErrorCode.HISTORY_TRIMMED), welcome({ seq: 0 }));
  assert.equal(room.players.size, 0);
  socket().tell(joined(1, "Ada", 1), { type: "Live", seq: 9 });
  assert.deepEqual(types(events), ["reconnecting", "resumed", "joined", "live"]);
  assert.deepEqual(events[1], { type: "resumed", resumed: false, reason: "history_trimmed" });
});

test("in another incarnation of the room, what was not taken is lost and said to be", () => {
  const { room, events, socket } = enterLive();
  void room.subscribe(7);
  void room.send("for whom?", { to: 2 });
  room.volatile(0, 1, { to: 2 });
  room.volatile(1, 1);
  socket().end();
  pass(50);
  socket().open();
  socket().heard();
  socket().tell(error(ErrorCode.EPOCH_CHANGED));
  const again = only(socket().heard());
  assert.ok(again.type === "Hello" && again.options.position === undefined);
  socket().tell(welcome({ epoch: new Uint8Array(8).fill(2) }), { type: "Live", seq: 1 });
  assert.deepEqual(types(events), ["reconnecting", "lost", "resumed", "live"]);
  assert.ok(events[1]?.type === "lost");
  assert.deepEqual(types(events[1].messages), ["Subscribe", "Send"]);
  const told = socket().heardOfGame();
  assert.deepEqual(types(told), ["Volatile", "Subscribe"]);
  assert.ok(told[0]!.type === "Volatile" && told[0]!.key === 1);
});

test("a room that is gone is asked for as it was", () => {
  const { socket } = enterLive({ create: false, password: "x" });
  socket().end();
  pass(50);
  socket().open();
  socket().heard();
  socket().tell(error(ErrorCode.ROOM_GONE));
  const hello = only(socket().heard());
  assert.ok(hello.type === "Hello" && typeof hello.options.create === "object");
  assert.deepEqual([hello.options.create.capacity, hello.options.create.password], [64, "x"]);
});

test("a refused entry says why, and connect rejects", async () => {
  const { room, events, socket } = enter();
  socket().open();
  socket().tell(error(ErrorCode.WRONG_PASSWORD, "the password is not this room's"));
  socket().end(CloseCode.WRONG_PASSWORD, "wrong_password");
  assert.deepEqual(types(events), ["refused", "closed"]);
  const closed = events[1]!;
  assert.ok(closed.type === "closed");
  assert.deepEqual([closed.code, closed.reason], [CloseCode.WRONG_PASSWORD, "wrong_password"]);
  assert.equal(closed.text, "The password is not this room's.");
  await assert.rejects(room.ready, RoomClosed);
  await assert.rejects(room.send("hi"), RoomClosed);
});

test("a refused frame is told with its number", () => {
  const { events, socket } = enterLive();
  const detail = { frame: 3 } as FrameOf<"Error">["detail"];
  socket().tell({ type: "Error", seq: 9, code: ErrorCode.NOT_HOST, text: "only the host", detail });
  const refused = only(events);
  assert.ok(refused.type === "refused");
  assert.deepEqual([refused.code, refused.frame, refused.seq], [ErrorCode.NOT_HOST, 3, 9]);
});

test("who is kicked stays away, and hears what was never taken", () => {
  const { room, events, socket, attempts } = enterLive();
  void room.send("last words");
  socket().end(CloseCode.KICKED, "kicked");
  pass(60_000);
  assert.deepEqual(types(events), ["lost", "closed"]);
  assert.deepEqual([attempts(), room.state], [1, "closed"]);
});

test("leaving says so and ends at once", () => {
  const { room, events, socket } = enterLive();
  room.leave();
  assert.deepEqual(types(socket().heardOfGame()), ["Leave"]);
  assert.deepEqual(types(events), ["closed"]);
  assert.equal(room.state, "closed");
  room.leave();
  assert.equal(events.length, 1);
});

test("one may leave while there is no connection", () => {
  const { room, events, socket, attempts } = enterLive();
  socket().end();
  room.leave();
  pass(60_000);
  assert.deepEqual([types(events), attempts()], [["reconnecting", "closed"], 1]);
});

test("a relay that breaks the protocol is left, and asked for all anew", () => {
  const { events, socket } = enterLive();
  socket().tellBytes(Uint8Array.of(0x94, 0x11, 0xc3, 0x01, 0xc0));
  assert.deepEqual(types(events), ["reconnecting"]);
  pass(50);
  socket().open();
  const hello = only(socket().heard());
  assert.ok(hello.type === "Hello" && hello.options.position === undefined);
});

test("frames and fields of a newer relay are ignored", () => {
  const { events, socket } = enterLive();
  socket().tellBytes(Uint8Array.of(0x92, 0x6f, 0x01));
  socket().tellBytes(Uint8Array.of(0x93, 0x09, 0x04, 0xc0));
  assert.deepEqual(events, [{ type: "live", seq: 4 }]);
});

test("a silent connection is given up", () => {
  const { events } = enterLive();
  pass(20_000);
  assert.deepEqual(types(events), ["reconnecting"]);
});

test("check comes back at once from waiting", () => {
  const { room, socket, attempts } = enterLive();
  socket().end(CloseCode.DRAIN);
  room.check();
  assert.equal(attempts(), 2);
  pass(5000);
  assert.equal(attempts(), 2);
});

test("check gives a connection three seconds to prove that it lives", () => {
  const { room, events, socket } = enterLive();
  pass(1000);
  socket().heard();
  room.check();
  assert.deepEqual(types(socket().heard()), ["Ping"]);
  pass(3000);
  assert.deepEqual(types(events), ["reconnecting"]);
});

test("who is away says so, after a reconnect again", () => {
  const { room, socket } = enterLive();
  room.presence(PresenceState.AWAY);
  assert.deepEqual(socket().heardOfGame(), [{ type: "Presence", state: 1 }]);
  socket().end();
  pass(50);
  socket().open();
  socket().tell(welcome({ resumed: true }), { type: "Live", seq: 3 });
  assert.deepEqual(types(socket().heardOfGame()), ["Hello", "Presence"]);
});

test("a congested connection gets the newest volatile value once it has drained", () => {
  const { room, socket } = enterLive();
  socket().bufferedAmount = 100_000;
  room.volatile(0, 1);
  room.volatile(0, 2);
  assert.deepEqual(socket().heardOfGame(), []);
  socket().bufferedAmount = 0;
  pass(50);
  const frame = only(socket().heardOfGame());
  assert.deepEqual(frame, { type: "Volatile", key: 0, target: null, payload: pack(2) });
});

test("properties are kept by scope, with their versions", () => {
  const { room, events, socket } = enterLive();
  const fact = {
    type: "Property",
    seq: 5,
    scope: 0,
    key: "map",
    value: pack("hills"),
    version: 2,
    by: 1,
  } as const;
  socket().tell(fact, { ...fact, seq: 6, scope: 2, key: "colour", value: pack(7) });
  assert.deepEqual([room.properties.get("map"), room.properties.version("map")], ["hills", 2]);
  assert.equal(room.propertiesOf(2).get("colour"), 7);
  socket().tell({ ...fact, seq: 7, value: false, version: 3 });
  assert.deepEqual([room.properties.has("map"), room.properties.version("map")], [false, 0]);
  const deleted = events.at(-1)!;
  assert.ok(deleted.type === "propertyChanged" && deleted.value === undefined);
});

test("properties are written with the version that they must have", () => {
  const { room, socket } = enterLive();
  void room.setProperty("map", "hills", { expected: 2 });
  void room.deleteProperty("colour", { player: 2 });
  assert.deepEqual(socket().heardOfGame(), [
    { type: "Set", scope: 0, key: "map", value: pack("hills"), expected: 2 },
    { type: "Set", scope: 2, key: "colour", value: false, expected: false },
  ]);
});

test("a loop hears everything since the beginning, and ends after closed", async () => {
  const { room, socket } = enterLive();
  socket().tell({ type: "Deliver", seq: 8, sender: 2, payload: hi });
  socket().end(CloseCode.KICKED);
  const heard = [];
  for await (const event of room) heard.push(event.type);
  assert.deepEqual(heard, ["joined", "joined", "hostChanged", "live", "message", "closed"]);
});

test("a handler that throws harms neither the room nor other handlers", () => {
  const { room, events, socket } = enterLive();
  room.on("message", () => assert.fail("a game's mistake"));
  const reported = mock.method(globalThis, "queueMicrotask", () => {});
  socket().tell({ type: "Deliver", seq: 8, sender: 2, payload: hi });
  reported.mock.restore();
  assert.deepEqual(types(events), ["message"]);
  assert.equal(room.state, "live");
});

test("who left is no player any more", () => {
  const { room, events, socket } = enterLive();
  socket().tell({ type: "Left", seq: 9, player: 2, reason: 1 });
  assert.deepEqual([...room.players.keys()], [1]);
  const left = only(events);
  assert.ok(left.type === "left" && left.player.name === "Bob");
});

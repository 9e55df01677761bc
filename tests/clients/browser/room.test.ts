import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { inspect } from "node:util";
import { LocalProtocolError } from "../../../clients/browser/src/protocol/errors.js";
import type { FrameOf } from "../../../clients/browser/src/protocol/frames.js";
import { CloseCode, ErrorCode } from "../../../clients/browser/src/index.js";
import { pack } from "../../../clients/browser/src/protocol/msgpack/payload.js";
import { SEAT, enter, enterLive, enterUnread, pass, stopClock, types } from "./entered.js";
import { joined, welcome } from "./frames.js";

const hi = pack("hi");
const only = <T>(list: readonly T[]): T => (assert.equal(list.length, 1), list[0]!);

beforeEach(stopClock);

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
    canHost: true,
  });
  assert.equal(room.players.get(1)?.isHost, false);
});

test("the room says from where on its past is complete", () => {
  const { room, socket } = enter();
  assert.equal(room.completeFrom, 0);
  socket().open();
  socket().tell(welcome({ completeFrom: 300 }));
  assert.equal(room.completeFrom, 300);
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
  pass(4);
  socket().tell(welcome({ time: 7_000_000 }), { type: "Live", seq: 3 });
  assert.equal(room.clock.now(), 7_002_000);
  pass(6);
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

test("a refused frame is told with its number", () => {
  const { events, socket } = enterLive();
  const detail = { frame: 3 } as FrameOf<"Error">["detail"];
  socket().tell({ type: "Error", seq: 9, code: ErrorCode.NOT_HOST, text: "only the host", detail });
  const refused = only(events);
  assert.ok(refused.type === "refused");
  assert.deepEqual([refused.code, refused.frame, refused.seq], [ErrorCode.NOT_HOST, 3, 9]);
});

test("frames and fields of a newer relay are ignored", () => {
  const { events, socket } = enterLive();
  socket().tellBytes(Uint8Array.of(0x92, 0x6f, 0x01));
  socket().tellBytes(Uint8Array.of(0x95, 0x23, 0x04, 0x02, 0x02, 0xc0));
  assert.deepEqual(types(events), ["hostChanged"]);
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

test("properties say what they are", () => {
  const { room, socket } = enterLive();
  const fact = { type: "Property", seq: 5, scope: 0, version: 1, by: 1 } as const;
  socket().tell({ ...fact, key: "map", value: pack({ name: "hills" }) });
  socket().tell({ ...fact, key: "own", value: Uint8Array.of(0xc1) });
  assert.equal(inspect(room.properties), "{ map: { name: 'hills' }, own: Uint8Array(1) [ 193 ] }");
  assert.deepEqual(JSON.parse(JSON.stringify(room.properties)).map, { name: "hills" });
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
  const { room, socket } = enterUnread();
  socket().open();
  socket().tell(welcome(), joined(1, "Ada", 1), { type: "Live", seq: 3 });
  socket().tell({ type: "Deliver", seq: 8, sender: 2, payload: hi });
  socket().end(CloseCode.KICKED);
  const heard = [];
  for await (const event of room) heard.push(event.type);
  assert.deepEqual(heard, ["joined", "live", "message", "closed"]);
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

test("a key that is told all the time goes out 60 times a second, the newest value last", () => {
  const { room, socket } = enterLive();
  for (let value = 0; value < 1000; value++) {
    room.volatile(0, value);
    pass(1);
  }
  pass(20);
  const values = socket()
    .heardOfGame()
    .map((frame) => frame.type === "Volatile" && frame.payload);
  assert.ok(values.length >= 58 && values.length <= 64, String(values.length));
  assert.deepEqual(values.at(-1), pack(999));
});

test("many keys share what the relay allows", () => {
  const { room, socket } = enterLive();
  for (let time = 0; time < 1000; time += 5) {
    for (let key = 0; key < 10; key++) room.volatile(key, time);
    pass(5);
  }
  const { length } = socket().heardOfGame();
  assert.ok(length >= 80 && length <= 100, String(length));
});

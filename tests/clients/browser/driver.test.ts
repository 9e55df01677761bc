import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  CloseCode,
  ErrorCode,
  NoticeKind,
  PresenceState,
} from "../../../clients/browser/src/index.js";
import { pack } from "../../../clients/browser/src/protocol/msgpack/payload.js";
import { RoomClosed, WrongPassword } from "../../../clients/browser/src/errors.js";
import { enter, enterBy, enterLive, enterUnread, pass, read, stopClock, types } from "./entered.js";
import { fakeSockets } from "./fake-socket.js";
import { error, joined, welcome } from "./frames.js";

const only = <T>(list: readonly T[]): T => (assert.equal(list.length, 1), list[0]!);

beforeEach(stopClock);

test("a lost connection comes back by itself, after a delay", () => {
  const { room, events, socket, attempts } = enterLive();
  socket().end();
  assert.deepEqual(events, [{ type: "reconnecting", attempt: 1, delay: 50, reason: "lost" }]);
  pass(49);
  assert.deepEqual([room.state, attempts()], ["reconnecting", 1]);
  pass(1);
  assert.equal(attempts(), 2);
  socket().open();
  socket().tell(welcome({ resumed: true }), { type: "Live", seq: 3 });
  assert.equal(room.state, "live");
});

test("in a new seat, groups and presence are told again, and no value for one player", () => {
  const { room, socket } = enterLive();
  void room.subscribe(7, 8);
  void room.unsubscribe(8);
  room.presence(PresenceState.AWAY);
  room.volatile(0, 1, { to: 2 });
  room.volatile(1, 1);
  socket().end();
  pass(50);
  socket().open();
  socket().tell(welcome({ epoch: new Uint8Array(8).fill(2) }), { type: "Live", seq: 1 });
  const [hello, told, again, presence] = socket().heardOfGame();
  assert.ok(hello?.type === "Hello" && told?.type === "Volatile" && told.key === 1);
  assert.deepEqual(again, { type: "Subscribe", add: [7], remove: [] });
  assert.deepEqual(presence, { type: "Presence", state: PresenceState.AWAY });
});

test("a connection that only tells of an error is lost all the same", () => {
  const { events, socket, attempts } = enter();
  socket().fail();
  assert.deepEqual(events, []);
  pass(1);
  assert.deepEqual(types(events), ["reconnecting"]);
  pass(1000);
  assert.equal(attempts(), 2);
});

test("an error that an end follows is one loss", () => {
  const { events, socket, attempts } = enterLive();
  socket().fail();
  socket().end(CloseCode.RELAY_FAULT);
  pass(1000);
  assert.deepEqual(types(events), ["reconnecting"]);
  assert.equal(attempts(), 2);
});

test("a game's reason stands alone: our advice could contradict it", async () => {
  const { room, socket } = enter();
  socket().open();
  socket().tell(error(ErrorCode.NOT_ADMITTED, "'Mallory' is not on the guest list"));
  socket().end(CloseCode.NOT_ADMITTED, "not_admitted");
  await assert.rejects(room.ready, {
    message: "'Mallory' is not on the guest list. (not_admitted, 4508)",
  });
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
  await assert.rejects(room.ready, (error) => {
    assert.ok(error instanceof WrongPassword);
    assert.equal(error.name, "WrongPassword");
    assert.match(error.message, /^The password is not this room's\. Give the right { password }\./);
    return true;
  });
  await assert.rejects(room.send("hi"), RoomClosed);
});

test("who is kicked stays away, and hears what was never taken", () => {
  const { room, events, socket, attempts } = enterLive();
  void room.send("last words");
  socket().end(CloseCode.KICKED, "kicked");
  pass(60_000);
  assert.deepEqual(types(events), ["lost", "closed"]);
  assert.deepEqual([attempts(), room.state], [1, "closed"]);
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

test("a relay that speaks text is left, and asked for all anew", () => {
  const { events, socket } = enterLive();
  socket().tellText("hello");
  assert.ok(events[0]?.type === "reconnecting");
  assert.match(events[0].reason, /frames are binary/);
  pass(50);
  socket().open();
  const hello = only(socket().heard());
  assert.ok(hello.type === "Hello" && hello.options.position === undefined);
});

test("a silent connection is given up", () => {
  const { events } = enterLive();
  pass(20_000);
  assert.deepEqual(types(events), ["reconnecting"]);
});

test("a relay that goes down is left alone for as long as it asked", () => {
  const { events, socket, attempts } = enterLive();
  const none = { limit: undefined, dropped: undefined, seq: undefined, said: undefined };
  const detail = { ...none, after: 7000 };
  socket().tell({ type: "Notice", kind: NoticeKind.DRAIN, detail });
  pass(2000);
  socket().end(CloseCode.DRAIN, "drain");
  assert.deepEqual(types(events), ["notice", "reconnecting"]);
  pass(5000);
  assert.equal(attempts(), 1);
  pass(50);
  assert.equal(attempts(), 2);
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

test("a connection found lost upon a check comes back at once, the next one not", () => {
  const { room, events, socket, attempts } = enterLive();
  room.check();
  socket().end();
  pass(0.001);
  assert.equal(attempts(), 2);
  socket().end();
  const delays = events.map((event) => event.type === "reconnecting" && event.delay);
  assert.deepEqual(delays, [0, 100]);
});

test("a connection that answers a check is not in doubt any more", () => {
  const { room, events, socket } = enterLive();
  room.check();
  socket().tell({ type: "Pong", seq: 3, t: 0, received: 0, sent: 0, taken: 0 });
  socket().end();
  assert.deepEqual(events, [{ type: "reconnecting", attempt: 1, delay: 50, reason: "lost" }]);
});

// A program that does not read.

/** So little may wait that a few messages are too much. */
const SMALL = {
  limits: { ...welcome().session.limits, historyFrames: 10 },
  options: { ...welcome().session.options, capacity: 1, spectators: 0 },
};
const deliver = (seq: number) =>
  ({ type: "Deliver", seq, sender: 2, payload: pack(seq) }) as const;

test("a program that does not read has its connection closed, until it does", () => {
  const entered = enterUnread();
  const { room, events, socket, attempts } = entered;
  socket().open();
  socket().tell(welcome(SMALL), joined(1, "Ada", 1), { type: "Live", seq: 1 });
  let seq = 1;
  while (room.state === "live" && seq < 2000) socket().tell(deliver(++seq));
  assert.ok(seq > 500 && seq < 1000, String(seq));
  assert.deepEqual(socket().closed, [CloseCode.TOO_SLOW, "unread"]);
  assert.equal(room.state, "reconnecting");
  pass(60_000);
  room.check();
  assert.equal(attempts(), 1, "it stays away");
  read(entered);
  assert.equal(events.length, 0);
  pass(1);
  assert.deepEqual(types(events).slice(0, 3), ["joined", "live", "message"]);
  assert.deepEqual(events.at(-1), {
    type: "reconnecting",
    attempt: 1,
    delay: 0,
    reason: "unread",
  });
  assert.equal(attempts(), 2);
  socket().open();
  const [hello] = socket().heard();
  assert.ok(hello?.type === "Hello");
  assert.deepEqual(hello.options.position, [welcome().session.epoch, seq]);
  socket().tell(welcome({ seq, resumed: true, ...SMALL }), deliver(++seq));
  const messages = events.flatMap((event) => (event.type === "message" ? [event.seq] : []));
  assert.deepEqual(messages, Array.from({ length: seq - 1 }, (_, index) => index + 2));
});

test("a loop that stands still is told what it missed once it has read half", async () => {
  const { room, socket, attempts } = enterUnread();
  socket().open();
  socket().tell(welcome(SMALL), { type: "Live", seq: 1 });
  const loop = room[Symbol.asyncIterator]();
  let seq = 1;
  while (room.state === "live" && seq < 2000) socket().tell(deliver(++seq));
  let taken = 0;
  while (attempts() === 1 && taken < seq) {
    await loop.next();
    taken += 1;
  }
  assert.ok(taken > seq / 3 && taken < (2 * seq) / 3, `${taken} of ${seq}`);
});

test("a room that holds more than may wait is given to the program before it is live", async () => {
  const { room, socket } = enterUnread();
  socket().open();
  socket().tell(welcome(SMALL), joined(1, "Ada", 1));
  let seq = 1;
  while (room.state === "connecting" && seq < 2000) socket().tell(deliver(++seq));
  await room.ready;
});

test("one who left without ever reading hears it all the same", async () => {
  const { room, socket } = enterUnread();
  socket().open();
  socket().tell(welcome(), joined(1, "Ada", 1), { type: "Live", seq: 1 });
  room.leave();
  const heard = [];
  for await (const { type } of room) heard.push(type);
  assert.deepEqual(heard, ["joined", "live", "closed"]);
});

// Sockets that cannot be made.

function enterWithBroken() {
  const { made, WebSocket: Fake } = fakeSockets();
  const broken = { is: false, tries: 0 };
  class WebSocket extends Fake {
    constructor(url: string, protocol: string) {
      broken.tries += 1;
      if (broken.is) throw new Error("no more sockets");
      super(url, protocol);
    }
  }
  const make = () => enterBy(WebSocket);
  return { made, broken, make };
}

test("at a reconnect, a WebSocket that cannot be made is a lost attempt like any", () => {
  const { made, broken, make } = enterWithBroken();
  const room = make();
  const events: string[] = [];
  room.on("reconnecting", ({ attempt, reason }) => events.push(`${attempt} ${reason}`));
  made[0]!.open();
  made[0]!.tell(welcome(), { type: "Live", seq: 1 });
  broken.is = true;
  made[0]!.end();
  pass(3000);
  const why = "no WebSocket could be made: no more sockets";
  assert.deepEqual(events.slice(0, 3), ["1 lost", `2 ${why}`, `3 ${why}`]);
  assert.ok(broken.tries < 9, "attempts become rarer");
  room.check();
  broken.is = false;
  pass(5000);
  assert.equal(made.length, 2);
  made[1]!.open();
  made[1]!.tell(welcome(), { type: "Live", seq: 1 });
  assert.equal(room.state, "live");
});

test("at the first connect, it is an error of the call, and nothing goes on", () => {
  const { broken, make } = enterWithBroken();
  broken.is = true;
  assert.throws(make, /no more sockets/);
  pass(60_000);
  assert.equal(broken.tries, 1);
});

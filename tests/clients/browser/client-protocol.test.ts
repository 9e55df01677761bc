// A client's protocol without any socket or timer: what it hears, and what it says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientProtocol } from "../../../clients/browser/src/core/client-protocol.js";
import { Clock } from "../../../clients/browser/src/core/clock.js";
import type { Event } from "../../../clients/browser/src/events.js";
import {
  CloseCode,
  ErrorCode,
  NoticeKind,
  PresenceState,
} from "../../../clients/browser/src/index.js";
import { decode, encode } from "../../../clients/browser/src/protocol/codec.js";
import type { ClientFrame, RelayFrame } from "../../../clients/browser/src/protocol/frames.js";
import { pack } from "../../../clients/browser/src/protocol/msgpack/payload.js";
import { SEAT, types } from "./entered.js";
import { error, joined, welcome } from "./frames.js";

const only = <T>(list: readonly T[]): T => (assert.equal(list.length, 1), list[0]!);
const send = (value: unknown, target: number | null = null) =>
  encode({ type: "Send", target, payload: pack(value) });
const slot = (key: number, value: unknown, target: number | null = null) =>
  encode({ type: "Volatile", key, target, payload: pack(value) });

/** A protocol whose relay and whose driver are the test. */
class Talk {
  readonly events: Event[] = [];
  readonly protocol: ClientProtocol;
  now = 0;

  constructor(options = {}) {
    const hello = { seat: SEAT, name: "Ada", ...options };
    const clock = new Clock(() => this.now * 1000);
    const tell = (event: Event) => void this.events.push(event);
    this.protocol = new ClientProtocol(hello, clock, () => 0.5, tell);
    this.connect();
  }

  /** A connection is made, and is open at once. */
  connect(): void {
    this.protocol.connecting(this.now);
    this.protocol.connected(this.now);
  }

  tell(...frames: RelayFrame[]): void {
    for (const frame of frames) this.protocol.receive(encode(frame), this.now);
  }

  /** The connection ends; without a code, as if it was lost. */
  end(code = 1006, reason = ""): void {
    this.protocol.disconnected(code, reason, this.now);
  }

  /** Takes the frames that go out. */
  said(): ClientFrame[] {
    const messages = this.protocol.dataToSend(this.now, 0);
    return messages.map((message) => decode(message, "client") as ClientFrame);
  }

  /** Takes the frames that go out, less those that only keep the connection. */
  saidOfGame(): ClientFrame[] {
    return this.said().filter(({ type }) => type !== "Ping" && type !== "Ack");
  }
}

/** Ada, player 1 and host, is in the room; Bob, player 2, is there too. */
function live(options = {}): Talk {
  const talk = new Talk(options);
  talk.tell(welcome(), joined(1, "Ada", 1), joined(2, "Bob", 2));
  talk.tell({ type: "Host", seq: 3, player: 1, term: 1 }, { type: "Live", seq: 3 });
  talk.said();
  talk.events.length = 0;
  return talk;
}

for (const [when, begin, frame] of [
  ["before WELCOME", () => new Talk(), { type: "Deliver", seq: 1, sender: 2, payload: pack("early") }],
  ["before WELCOME", () => new Talk(), { type: "Live", seq: 1 }],
  ["when live", live, welcome()],
  ["when live", live, { type: "Live", seq: 4 }],
] as [string, () => Talk, RelayFrame][]) {
  test(`${frame.type} ${when} breaks the protocol`, () => {
    const talk = begin();
    talk.tell(frame);
    assert.match(talk.protocol.fault?.[1] ?? "", new RegExp(`${frame.type} cannot come in state`));
    assert.deepEqual(talk.events, []);
  });
}

test("what may come before WELCOME does no harm", () => {
  const talk = new Talk();
  talk.protocol.receive(Uint8Array.of(0x91, 0x7f), 0);
  talk.tell(welcome());
  assert.equal(talk.protocol.fault, null);
});

test("a new connection goes on from the position, and sends the rest again", () => {
  const talk = live();
  const { protocol, events } = talk;
  void protocol.post(send("taken"));
  void protocol.post(send("not taken"));
  talk.tell({ type: "Taken", taken: 1, seq: 5 });
  talk.said();
  talk.end();
  assert.deepEqual(events, [{ type: "reconnecting", attempt: 1, delay: 50, reason: "lost" }]);
  assert.equal(protocol.phase, "reconnecting");
  void protocol.post(send("while away"));
  assert.deepEqual(talk.said(), []);
  talk.connect();
  const hello = only(talk.said());
  assert.ok(hello.type === "Hello");
  assert.deepEqual(hello.options.position, [welcome().session.epoch, 5]);
  talk.tell(welcome({ seq: 5, resumed: true, taken: 1 }), { type: "Live", seq: 5 });
  const payloads = talk.saidOfGame().map((frame) => frame.type === "Send" && frame.payload);
  assert.deepEqual(payloads, [pack("not taken"), pack("while away")]);
  assert.deepEqual(types(events).slice(1), ["resumed", "live"]);
  const names = [...protocol.room.players.values()].map(({ name }) => name);
  assert.deepEqual(names, ["Ada", "Bob"]);
});

test("the newest volatile values are told again on a new connection", () => {
  const talk = live();
  const { protocol } = talk;
  protocol.volatile("0", slot(0, 1), null);
  protocol.volatile("1", slot(1, "a"), null);
  assert.equal(talk.said().length, 2);
  talk.end();
  protocol.volatile("0", slot(0, 2), null);
  assert.deepEqual([talk.said(), protocol.sendDeadline], [[], null]);
  talk.connect();
  talk.said();
  talk.tell(welcome({ resumed: true }));
  const told = talk.said();
  const values = told.map((frame) => frame.type === "Volatile" && [frame.key, frame.payload]);
  assert.deepEqual(values, [
    [1, pack("a")],
    [0, pack(2)],
  ]);
});

/** Says all newest values again, and returns their keys in order. */
function keysSaidAgain(talk: Talk): number[] {
  talk.end();
  talk.connect();
  talk.said();
  talk.tell(welcome({ resumed: true }));
  return talk.said().map((frame) => (frame.type === "Volatile" ? frame.key : NaN));
}

test("volatile values for a player who has left are forgotten", () => {
  const talk = live();
  const targets = [2, [2, 3], 3, [3, 4], null, true];
  targets.forEach((target, key) => {
    const message = encode({ type: "Volatile", key, target, payload: pack(key) });
    talk.protocol.volatile(`${key}`, message, target);
  });
  talk.tell({ type: "Left", seq: 9, player: 2, reason: 1 });
  assert.deepEqual(keysSaidAgain(talk), [2, 3, 4, 5]);
});

test("the volatile value that was said last goes last, as its receiver may have another slot", () => {
  const talk = live();
  talk.protocol.volatile("to all", slot(0, 1), null);
  talk.protocol.volatile("to Bob", slot(1, 1, 2), 2);
  talk.protocol.volatile("to all", slot(0, 2), null);
  const said = talk.said().map((frame) => (frame.type === "Volatile" ? frame.key : NaN));
  assert.deepEqual([said, keysSaidAgain(talk)], [[1, 0], [1, 0]]);
});

test("volatile values that come too fast wait, and the protocol says how long", () => {
  const talk = live();
  const { protocol } = talk;
  protocol.volatile("0", slot(0, 1), null);
  assert.equal(talk.said().length, 1);
  assert.equal(protocol.sendDeadline, null);
  protocol.volatile("0", slot(0, 2), null);
  assert.deepEqual(talk.said(), []);
  assert.equal(protocol.sendDeadline, 16);
  talk.now = 16;
  assert.deepEqual(types(talk.said()), ["Volatile"]);
  assert.equal(protocol.sendDeadline, null);
});

test("a volatile value to many waits longer, as the relay counts it as several messages", () => {
  const wait = (many: number): number => {
    const talk = live();
    const { protocol } = talk;
    const target = Array.from({ length: many }, (_, index) => index + 1);
    const message = encode({ type: "Volatile", key: 0, target, payload: pack(1) });
    protocol.volatile("many", message, target);
    assert.deepEqual(types(talk.said()), ["Volatile"]);
    protocol.volatile("0", slot(0, 1), null);
    return Math.round(protocol.sendDeadline! - talk.now);
  };
  // Three quarters of 120 messages a second are for volatile values.
  const each = 1000 / 90;
  assert.deepEqual([63, 64, 1024].map(wait), [16, 2 * each, 17 * each].map(Math.round));
});

test("a fresh stream tells the room anew", () => {
  const talk = live();
  const { protocol, events } = talk;
  talk.end();
  talk.connect();
  talk.tell(error(ErrorCode.HISTORY_TRIMMED), welcome({ seq: 0 }));
  assert.equal(protocol.room.players.size, 0);
  talk.tell(joined(1, "Ada", 1), { type: "Live", seq: 9 });
  assert.deepEqual(types(events), ["reconnecting", "resumed", "joined", "live"]);
  assert.deepEqual(events[1], { type: "resumed", resumed: false, reason: "history_trimmed" });
});

test("whoever hears of a fresh stream still sees the room as it was", () => {
  const seen: number[] = [];
  const clock = new Clock(() => 0);
  const tell = ({ type }: Event) => {
    if (type === "resumed") seen.push(protocol.room.players.size);
  };
  const protocol = new ClientProtocol({ seat: SEAT }, clock, () => 0.5, tell);
  for (let connection = 0; connection < 2; connection++) {
    protocol.connecting(0);
    protocol.connected(0);
    for (const frame of [welcome(), joined(1)]) protocol.receive(encode(frame), 0);
    protocol.disconnected(1006, "", 0);
  }
  assert.deepEqual(seen, [1]);
});

test("in another incarnation of the room, what was not taken is lost and said to be", () => {
  const talk = live();
  const { protocol, events } = talk;
  protocol.noteGroups([7], []);
  void protocol.post(encode({ type: "Subscribe", add: [7], remove: [] }));
  void protocol.post(send("for whom?", 2));
  protocol.volatile("to Bob", slot(0, 1, 2), 2);
  protocol.volatile("to all", slot(1, 1), null);
  talk.end();
  talk.connect();
  talk.said();
  talk.tell(error(ErrorCode.EPOCH_CHANGED));
  const again = only(talk.said());
  assert.ok(again.type === "Hello" && again.options.position === undefined);
  talk.tell(welcome({ epoch: new Uint8Array(8).fill(2) }), { type: "Live", seq: 1 });
  assert.deepEqual(types(events), ["reconnecting", "lost", "resumed", "live"]);
  assert.ok(events[1]?.type === "lost");
  assert.deepEqual(types(events[1].messages), ["Subscribe", "Send"]);
  const told = talk.saidOfGame();
  assert.deepEqual(types(told), ["Volatile", "Subscribe"]);
  assert.ok(told[0]!.type === "Volatile" && told[0]!.key === 1);
});

test("a room that is gone is asked for as it was", () => {
  const talk = live({ create: false, password: "x" });
  talk.end();
  talk.connect();
  talk.said();
  talk.tell(error(ErrorCode.ROOM_GONE));
  const hello = only(talk.said());
  assert.ok(hello.type === "Hello" && typeof hello.options.create === "object");
  assert.deepEqual([hello.options.create.capacity, hello.options.create.password], [64, "x"]);
});

test("a relay that breaks the protocol is a fault, and nothing more is heard of it", () => {
  const talk = live();
  const { protocol, events } = talk;
  protocol.receive(Uint8Array.of(0x94, 0x11, 0xc3, 0x01, 0xc0), 0);
  const [code, reason] = protocol.fault!;
  assert.equal(code, 1006);
  assert.match(reason, /^the relay broke the protocol: /);
  talk.tell(joined(3, "Eve", 9));
  assert.deepEqual(events, []);
  talk.end(...protocol.fault!);
  talk.connect();
  assert.equal(protocol.fault, null);
  const hello = only(talk.said());
  assert.ok(hello.type === "Hello" && hello.options.position === undefined);
});

test("a silent relay is a fault", () => {
  const { protocol } = live();
  let seconds = 0;
  while (!protocol.fault && seconds < 60) protocol.handleTimer(1000 * ++seconds);
  assert.deepEqual([seconds, protocol.fault], [15, [1006, ""]]);
});

test("who is away says so, on a new connection again", () => {
  const talk = live();
  talk.protocol.presence(PresenceState.AWAY);
  assert.deepEqual(talk.saidOfGame(), [{ type: "Presence", state: 1 }]);
  talk.end();
  talk.connect();
  talk.tell(welcome({ resumed: true }), { type: "Live", seq: 3 });
  assert.deepEqual(types(talk.saidOfGame()), ["Hello", "Presence"]);
});

test("a joiner is told from where on the past is complete", () => {
  const talk = new Talk();
  const { protocol, events } = talk;
  const notice = (kind: number, seq: number) =>
    ({
      type: "Notice",
      kind,
      detail: { limit: undefined, dropped: undefined, after: undefined, seq, said: undefined },
    }) as const;
  assert.equal(protocol.completeFrom, 0);
  talk.tell(welcome({ completeFrom: 300 }));
  assert.equal(protocol.completeFrom, 300);
  talk.tell(notice(NoticeKind.TRIMMED, 320), { type: "Live", seq: 500 });
  assert.equal(protocol.completeFrom, 320);
  const [told] = events;
  assert.ok(told?.type === "notice" && told.detail.seq === 320);
  talk.tell(notice(NoticeKind.MEMORY, 400));
  assert.equal(protocol.completeFrom, 320, "what was told stays told");
  talk.end();
  talk.connect();
  talk.tell(welcome({ seq: 500, resumed: true }), { type: "Live", seq: 500 });
  assert.equal(protocol.completeFrom, 320);
  talk.end();
  talk.connect();
  talk.tell(welcome({ completeFrom: 700 }), { type: "Live", seq: 900 });
  assert.equal(protocol.completeFrom, 700);
});

// Leaving with something unsaid.

test("what waits for the window is said before LEAVE", () => {
  const talk = live();
  const { protocol, events } = talk;
  for (let number = 0; number < 300; number++) void protocol.post(send(number));
  protocol.leave();
  assert.equal(talk.saidOfGame().length, 256);
  talk.tell({ type: "Taken", taken: 100, seq: 3 });
  const said = types(talk.saidOfGame());
  assert.deepEqual([said.length, said.at(-1)], [45, "Leave"]);
  talk.end(CloseCode.NORMAL, "normal");
  assert.deepEqual(types(events), ["closed"]);
});

test("who leaves a room that is gone does not make it again", () => {
  const talk = live();
  const { protocol, events } = talk;
  talk.end();
  void protocol.post(send("anybody?"));
  protocol.leave();
  assert.ok(!protocol.hasLeft);
  talk.connect();
  talk.said();
  talk.tell(error(ErrorCode.ROOM_GONE));
  assert.deepEqual(talk.said(), []);
  assert.deepEqual(protocol.fault, [CloseCode.NORMAL, "left"]);
  talk.end(CloseCode.NORMAL, "left");
  assert.deepEqual(types(events), ["reconnecting", "lost", "closed"]);
});

test("one may leave before one is in, and what was sent is said on the way", () => {
  const talk = new Talk();
  const { protocol, events } = talk;
  void protocol.post(send("hello and goodbye"));
  protocol.leave();
  talk.tell(welcome());
  assert.deepEqual(types(talk.saidOfGame()), ["Hello", "Send", "Leave"]);
  talk.end(CloseCode.NORMAL, "normal");
  assert.deepEqual(types(events), ["closed"]);
});

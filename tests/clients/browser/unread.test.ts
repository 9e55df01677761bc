// A program that does not read.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { CloseCode } from "../../../clients/browser/src/index.js";
import { pack } from "../../../clients/browser/src/payload.js";
import { enterUnread, pass, read, stopClock, types } from "./entered.js";
import { joined, welcome } from "./frames.js";

beforeEach(stopClock);

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

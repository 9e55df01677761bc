// What one who leaves says, waits for and is told, by sockets and on a clock that are the test's.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { CloseCode, ErrorCode } from "../../../clients/browser/src/index.js";
import { RoomClosed } from "../../../clients/browser/src/errors.js";
import { pack } from "../../../clients/browser/src/protocol/msgpack/payload.js";
import { enterLive, pass, stopClock, types } from "./entered.js";
import { error, welcome } from "./frames.js";

beforeEach(stopClock);

test("leaving says so and ends at once", () => {
  const { room, events, socket } = enterLive();
  room.leave();
  assert.deepEqual(types(socket().heardOfGame()), ["Leave"]);
  assert.deepEqual(types(events), ["closed"]);
  assert.equal(room.state, "closed");
  room.leave();
  assert.equal(events.length, 1);
});

test("who leaves while there is no connection comes back to give the seat up", () => {
  const { room, events, socket, attempts } = enterLive();
  socket().end();
  room.leave();
  assert.equal(attempts(), 2, "at once");
  socket().open();
  socket().tell(welcome({ seq: 3, resumed: true }));
  assert.deepEqual(types(socket().heardOfGame()), ["Hello", "Leave"]);
  socket().end(CloseCode.NORMAL, "normal");
  assert.deepEqual(types(events), ["reconnecting", "resumed", "closed"]);
  pass(60_000);
  assert.equal(attempts(), 2);
});

test("who leaves without any way to the relay is gone in three seconds", () => {
  const { room, events, socket, attempts } = enterLive();
  socket().end();
  room.leave();
  pass(2000);
  assert.equal(room.state, "reconnecting");
  pass(1000);
  assert.deepEqual(types(events), ["reconnecting", "closed"]);
  pass(60_000);
  assert.equal(attempts(), 2);
});

test("a seat that ends with its connection needs no other one to be given up", () => {
  const { room, events, socket, attempts } = enterLive({ seat: undefined });
  socket().end();
  room.leave();
  pass(60_000);
  assert.deepEqual([types(events), attempts()], [["reconnecting", "closed"], 1]);
});

// Leaving with something unsaid.

test("a volatile value that waits is the last word but LEAVE, also on a slow connection", () => {
  const { room, events, socket } = enterLive();
  room.volatile(0, "sent at once");
  room.volatile(0, "waits for the next round");
  socket().bufferedAmount = 100_000;
  room.leave();
  const said = socket().heardOfGame();
  assert.deepEqual(types(said), ["Volatile", "Volatile", "Leave"]);
  assert.ok(said[1]?.type === "Volatile");
  assert.deepEqual(said[1].payload, pack("waits for the next round"));
  assert.deepEqual(types(events), ["closed"]);
});

test("who comes back to leave says their newest volatile values first", () => {
  const { room, socket } = enterLive();
  socket().end();
  room.volatile(0, "while away");
  room.leave();
  socket().open();
  socket().tell(welcome({ seq: 3, resumed: true }));
  assert.deepEqual(types(socket().heardOfGame()), ["Hello", "Volatile", "Leave"]);
  pass(2000);
  assert.deepEqual(types(socket().heard()), [], "LEAVE is the last word");
});

test("what was sent while there was no connection is delivered before one leaves", async () => {
  const { room, events, socket, attempts } = enterLive();
  socket().end();
  for (const value of [1, 2, 3]) await room.send(value);
  room.leave();
  await assert.rejects(room.send(4), RoomClosed);
  room.volatile(0, "nothing more");
  assert.equal(attempts(), 2, "it comes back at once");
  socket().open();
  socket().tell(welcome({ seq: 3, resumed: true }), { type: "Live", seq: 3 });
  assert.deepEqual(types(socket().heardOfGame()), ["Hello", "Send", "Send", "Send", "Leave"]);
  room.check();
  pass(2000);
  assert.deepEqual(types(socket().heard()), [], "LEAVE is the last word");
  socket().tell({ type: "Deliver", seq: 9, sender: 2, payload: pack("ignored") });
  socket().end(CloseCode.NORMAL, "normal");
  assert.deepEqual(types(events), ["reconnecting", "resumed", "closed"]);
  pass(60_000);
  assert.equal(attempts(), 2);
});

test("who leaves without a connection in time is told what is lost", () => {
  const { room, events, socket } = enterLive();
  socket().end();
  for (let number = 0; number < 300; number++) void room.send(number);
  room.leave();
  pass(2000);
  assert.notEqual(room.state, "closed");
  pass(1000);
  const [lost, closed] = events.slice(-2);
  assert.ok(lost?.type === "lost" && closed?.type === "closed");
  assert.deepEqual([lost.messages.length, closed.code], [300, CloseCode.NORMAL]);
  const count = events.length;
  pass(60_000);
  assert.equal(events.length, count);
});

test("a connection that turns out to be dead after LEAVE is taken up again", () => {
  const { room, events, socket } = enterLive();
  void room.send("hello?");
  room.leave();
  assert.deepEqual(types(socket().heardOfGame()), ["Send", "Leave"]);
  assert.notEqual(room.state, "closed");
  socket().end();
  pass(1000);
  socket().open();
  socket().tell(welcome({ seq: 3, resumed: true }));
  assert.deepEqual(types(socket().heardOfGame()), ["Hello", "Send", "Leave"]);
  socket().end(CloseCode.NORMAL, "normal");
  assert.deepEqual(types(events), ["reconnecting", "resumed", "closed"]);
});

test("what a relay that does not answer LEAVE may not have is told as lost", () => {
  const { room, events, socket, attempts } = enterLive();
  for (const value of [1, 2]) void room.send(value);
  room.leave();
  assert.deepEqual(types(socket().heardOfGame()), ["Send", "Send", "Leave"]);
  pass(3000);
  assert.deepEqual(types(events), ["lost", "closed"]);
  assert.ok(events[0]?.type === "lost" && events[1]?.type === "closed");
  assert.deepEqual(types(events[0].messages), ["Send", "Send"]);
  assert.equal(events[1].code, CloseCode.NORMAL);
  pass(60_000);
  assert.equal(attempts(), 1);
});

test("who comes back to a seat that LEAVE has ended does not stay in another", () => {
  const { room, events, socket, attempts } = enterLive();
  void room.send("heard, as far as I know");
  room.leave();
  socket().end();
  pass(1000);
  socket().open();
  socket().tell(error(ErrorCode.SEAT_EXPIRED), { ...welcome(), player: 2 });
  assert.deepEqual(types(socket().heardOfGame()), ["Hello", "Leave"]);
  assert.deepEqual(types(events), ["reconnecting", "lost", "closed"]);
  assert.equal(room.state, "closed");
  pass(60_000);
  assert.equal(attempts(), 2);
});

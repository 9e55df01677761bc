// Leaving with something unsaid.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { CloseCode, ErrorCode } from "../../../clients/browser/src/index.js";
import { pack } from "../../../clients/browser/src/payload.js";
import { RoomClosed } from "../../../clients/browser/src/room-closed.js";
import { enter, enterLive, pass, stopClock, types } from "./entered.js";
import { error, welcome } from "./frames.js";

beforeEach(stopClock);

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

test("what waits for the window is said before LEAVE", () => {
  const { room, events, socket } = enterLive();
  for (let number = 0; number < 300; number++) void room.send(number);
  room.leave();
  assert.equal(socket().heardOfGame().length, 256);
  socket().tell({ type: "Taken", taken: 100, seq: 3 });
  const said = types(socket().heardOfGame());
  assert.deepEqual([said.length, said.at(-1)], [45, "Leave"]);
  socket().end(CloseCode.NORMAL, "normal");
  assert.deepEqual(types(events), ["closed"]);
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

test("who leaves a room that is gone does not make it again", () => {
  const { room, events, socket } = enterLive();
  socket().end();
  void room.send("anybody?");
  room.leave();
  socket().open();
  socket().heard();
  socket().tell(error(ErrorCode.ROOM_GONE));
  assert.deepEqual(types(socket().heard()), []);
  assert.deepEqual(types(events), ["reconnecting", "lost", "closed"]);
});

test("one may leave before one is in, and what was sent is said on the way", () => {
  const { room, events, socket } = enter();
  void room.send("hello and goodbye");
  room.leave();
  socket().open();
  socket().tell(welcome());
  assert.deepEqual(types(socket().heardOfGame()), ["Hello", "Send", "Leave"]);
  socket().end(CloseCode.NORMAL, "normal");
  assert.deepEqual(types(events), ["closed"]);
});

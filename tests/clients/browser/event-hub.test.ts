import assert from "node:assert/strict";
import { test } from "node:test";
import { EventHub } from "../../../clients/browser/src/event-hub.js";
import { type Event, type Player, Updated } from "../../../clients/browser/src/events.js";
import { pack } from "../../../clients/browser/src/payload.js";

const bob: Player = { number: 2, name: "Bob", role: "player", state: 0, isHost: false, canHost: true };
const live = (seq: number): Event => ({ type: "live", seq });
const updated = (key: number, value: unknown): Event => new Updated(key, 2, pack(value), bob);
const closed: Event = { type: "closed", code: 1000, reason: "", text: "", mayReturn: false };

async function drain(hub: EventHub): Promise<string[]> {
  const heard = [];
  for await (const event of hub.events()) {
    heard.push(event.type === "updated" ? `${event.key}=${event.value}` : event.type);
  }
  return heard;
}

test("a handler hears its type until it is taken off", () => {
  const hub = new EventHub();
  const heard: number[] = [];
  const stop = hub.on("live", ({ seq }) => heard.push(seq));
  hub.emit(live(1));
  hub.emit(updated(0, 1));
  stop();
  hub.emit(live(2));
  assert.deepEqual(heard, [1]);
});

test("the first loop gets what happened before it, a second one does not", async () => {
  const hub = new EventHub();
  hub.emit(live(1));
  const first = drain(hub);
  const second = drain(hub);
  hub.emit(closed);
  assert.deepEqual(await first, ["live", "closed"]);
  assert.deepEqual(await second, ["closed"]);
});

test("a loop that falls behind gets the newest of each volatile value, in its place", async () => {
  const hub = new EventHub();
  for (const event of [updated(0, 1), live(1), updated(1, 5), updated(0, 2), closed])
    hub.emit(event);
  assert.deepEqual(await drain(hub), ["0=2", "live", "1=5", "closed"]);
});

test("a loop that waits is woken", async () => {
  const hub = new EventHub();
  const heard = drain(hub);
  await new Promise(setImmediate);
  hub.emit(live(1));
  await new Promise(setImmediate);
  hub.emit(closed);
  assert.deepEqual(await heard, ["live", "closed"]);
});

test("a loop over a room that is closed ends at once", async () => {
  const hub = new EventHub();
  hub.emit(closed);
  await drain(hub);
  assert.deepEqual(await drain(hub), []);
});

test("what is kept for a loop that never begins is bounded", async () => {
  const hub = new EventHub();
  for (let seq = 0; seq < 5000; seq++) hub.emit(live(seq));
  const { value } = await hub.events().next();
  assert.deepEqual(value, live(5000 - 1024));
});

test("the room stands for a program where its slowest loop is", async () => {
  const hub = new EventHub();
  hub.emit(live(1), 1);
  assert.equal(hub.seq(1), 1); // no loop has begun
  const first = hub.events();
  await first.next();
  hub.emit(live(5), 5);
  hub.emit(live(6), 6);
  assert.equal(hub.seq(6), 1);
  const second = hub.events();
  const early = second.next(); // it waits for what comes next
  assert.equal(hub.seq(6), 1);
  await first.next();
  assert.equal(hub.seq(9), 5);
  await first.next();
  assert.equal(hub.seq(9), 9); // as a PONG may say
  hub.emit(live(10), 10);
  await early;
  hub.emit(live(11), 11);
  assert.equal(hub.seq(11), 6);
  await first.return();
  assert.equal(hub.seq(11), 10);
});

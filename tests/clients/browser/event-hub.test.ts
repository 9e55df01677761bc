import assert from "node:assert/strict";
import { test } from "node:test";
import { EventHub } from "../../../clients/browser/src/io/event-hub.js";
import { type Event, type Player, Updated } from "../../../clients/browser/src/events.js";
import { pack } from "../../../clients/browser/src/protocol/msgpack/payload.js";

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

/** A macrotask of the connection, after the program has had its go. */
const next = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

test("a handler hears its type until it is taken off", () => {
  const hub = new EventHub();
  const heard: number[] = [];
  const stop = hub.on("live", ({ seq }) => heard.push(seq));
  hub.begin();
  hub.emit(live(1));
  hub.emit(updated(0, 1));
  stop();
  hub.emit(live(2));
  assert.deepEqual(heard, [1]);
});

test("what happens before anybody reads waits for the handlers of one go", async () => {
  const hub = new EventHub();
  const heard: string[] = [];
  hub.emit(live(1));
  hub.emit(updated(0, 1));
  hub.on("live", ({ seq }) => heard.push(`live ${seq}`));
  hub.emit(live(2));
  await null;
  await Promise.resolve();
  hub.on("updated", ({ value }) => heard.push(`updated ${value}`));
  assert.deepEqual(heard, []);
  await next();
  assert.deepEqual(heard, ["live 1", "updated 1", "live 2"]);
  hub.emit(live(3));
  assert.equal(heard.at(-1), "live 3");
});

test("types without a handler are passed over once reading has begun", async () => {
  const hub = new EventHub();
  hub.emit(updated(0, 1));
  hub.on("live", () => {});
  await next();
  const heard: unknown[] = [];
  hub.on("updated", ({ value }) => heard.push(value));
  await next();
  hub.emit(updated(0, 2));
  assert.deepEqual(heard, [2]);
});

test("what a handler causes comes behind what waits", async () => {
  const hub = new EventHub();
  const heard: number[] = [];
  hub.emit(live(1));
  hub.emit(live(2));
  hub.on("live", ({ seq }) => {
    heard.push(seq);
    if (seq === 1) hub.emit(live(3));
  });
  await next();
  assert.deepEqual(heard, [1, 2, 3]);
});

test("a handler that is taken off at once has read nothing", async () => {
  const hub = new EventHub();
  hub.emit(live(1));
  hub.on("closed", () => {})();
  await next();
  const heard: number[] = [];
  hub.on("live", ({ seq }) => heard.push(seq));
  await next();
  assert.deepEqual(heard, [1]);
});

test("the client's own listeners hear at once and are no readers", async () => {
  const hub = new EventHub();
  const heard: number[] = [];
  hub.watch("live", ({ seq }) => heard.push(seq));
  hub.emit(live(1));
  assert.deepEqual(heard, [1]);
  await next();
  hub.emit(closed);
  assert.deepEqual(await drain(hub), ["live", "closed"]);
});

test("handlers and a loop of one go hear the same", async () => {
  const hub = new EventHub();
  const heard: number[] = [];
  hub.emit(live(1));
  hub.on("live", ({ seq }) => heard.push(seq));
  const loop = drain(hub);
  await next();
  hub.emit(live(2));
  hub.emit(closed);
  assert.deepEqual(heard, [1, 2]);
  assert.deepEqual(await loop, ["live", "live", "closed"]);
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

test("nothing that waits is dropped, and many cost each no more than few", async () => {
  const milliseconds = async (count: number): Promise<number> => {
    const hub = new EventHub();
    const began = process.cpuUsage(); // time on the clock is also that of others
    for (let seq = 0; seq < count; seq++) hub.emit(live(seq));
    hub.emit(closed);
    let expected = 0;
    for await (const event of hub.events()) {
      if (event.type === "live" && event.seq === expected) expected += 1;
    }
    assert.equal(expected, count);
    return process.cpuUsage(began).user / 1000;
  };
  await milliseconds(5000); // what is compiled is fast
  const few = await milliseconds(5000);
  assert.ok((await milliseconds(100_000)) < 20 * 8 * few);
});

test("of attempts to reconnect that nobody heard of, the last one waits", async () => {
  const hub = new EventHub();
  for (let attempt = 1; attempt < 5; attempt++)
    hub.emit({ type: "reconnecting", attempt, delay: 0, reason: "lost" });
  hub.emit(closed);
  const { value: first } = await hub.events().next();
  assert.ok(first?.type === "reconnecting" && first.attempt === 4);
});

test("a value of a room that has begun anew is none of the old one's", async () => {
  const hub = new EventHub();
  hub.emit(updated(0, 1));
  hub.emit({ type: "resumed", resumed: false, reason: "" });
  hub.emit(updated(0, 2));
  hub.emit(closed);
  assert.deepEqual(await drain(hub), ["0=1", "resumed", "0=2", "closed"]);
});

test("more waits than may where nobody keeps up", async () => {
  const bound = { events: 2, bytes: 100 };
  const hub = new EventHub();
  hub.emit(live(1));
  hub.emit(live(2));
  assert.ok(!hub.isBeyond(bound));
  hub.emit(live(3));
  assert.ok(hub.isBeyond(bound));
  const loop = hub.events();
  await loop.next();
  assert.ok(!hub.isBeyond(bound));
  for (let seq = 4; seq < 9; seq++) hub.emit(live(seq));
  assert.ok(hub.isBeyond(bound), "a loop that stands still reads nothing");
  const stop = hub.on("live", () => {});
  assert.ok(!hub.isBeyond(bound), "a handler keeps up");
  stop();
  await loop.return();
  assert.ok(!hub.isBeyond(bound), "nothing waits where nobody will read it");
});

test("bytes count for what waits, as often as values are replaced", () => {
  const hub = new EventHub();
  for (let round = 0; round < 9; round++) hub.emit(updated(0, "x".repeat(50)));
  assert.ok(!hub.isBeyond({ events: 9, bytes: 100 }));
  hub.emit(updated(1, "x".repeat(50)));
  assert.ok(hub.isBeyond({ events: 9, bytes: 100 }));
});

test("the room stands for a program where its slowest reader is", async () => {
  const hub = new EventHub();
  hub.emit(live(1), 1);
  assert.equal(hub.seq(1), 0); // nobody has read
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

import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../../clients/browser/src/core/clock.js";

/** A round trip of `there` and `back` microseconds to a relay that is `ahead`, at local time `t`. */
function trip(clock: Clock, there: number, back: number, ahead: number, t = 0, kept = 0): void {
  clock.add(t, t + there + ahead, t + there + kept + ahead, t + there + kept + back);
}

test("an even round trip gives the relay's time exactly", () => {
  const clock = new Clock(() => 1000);
  trip(clock, 50, 50, 7_000_000);
  assert.deepEqual([clock.rtt, clock.offset, clock.now()], [100, 7_000_000, 7_001_000]);
});

test("the time that the relay kept the ping is no latency", () => {
  const clock = new Clock(() => 0);
  trip(clock, 50, 50, 0, 0, 9000);
  assert.equal(clock.rtt, 100);
});

test("the fastest of the last round trips is trusted", () => {
  const clock = new Clock(() => 0);
  trip(clock, 50, 50, 1000);
  trip(clock, 90_000, 50, 1000, 5_000_000);
  assert.equal(clock.offset, 1000);
  assert.deepEqual([clock.rtt, clock.latest, clock.jitter], [100, 90_050, 44_975]);
});

test("a fast round trip is forgotten after eight others", () => {
  const clock = new Clock(() => 0);
  trip(clock, 1, 1, 1000);
  for (let number = 0; number < 8; number++) trip(clock, 300, 300, 2000);
  assert.deepEqual([clock.rtt, clock.offset], [600, 2000]);
});

test("another connection begins with no round trips", () => {
  const clock = new Clock(() => 0);
  trip(clock, 1, 1, 1000);
  clock.restart();
  assert.equal(clock.count, 0);
  trip(clock, 500, 500, 2000);
  assert.deepEqual([clock.rtt, clock.offset], [1000, 2000]);
});

test("a clock that ran backwards gives no negative latency", () => {
  const clock = new Clock(() => 0);
  clock.add(1000, 0, 50, 1020);
  assert.equal(clock.rtt, 0);
});

test("an offset that contradicts the best one by more than both round trips begins anew", () => {
  const clock = new Clock(() => 0);
  trip(clock, 50, 50, 7_000_000);
  trip(clock, 400, 400, 7_000_000 + 900);
  assert.deepEqual([clock.rtt, clock.offset], [100, 7_000_000], "both may be right");
  trip(clock, 400, 400, 15_000_000);
  assert.deepEqual([clock.rtt, clock.offset, clock.jitter], [800, 15_000_000, 0]);
  trip(clock, 500, 500, 15_000_000);
  assert.equal(clock.offset, 15_000_000);
});

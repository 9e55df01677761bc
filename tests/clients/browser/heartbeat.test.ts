import assert from "node:assert/strict";
import { test } from "node:test";
import { Heartbeat } from "../../../clients/browser/src/core/heartbeat.js";

/** What the ticks of some seconds say, by second; `answers` says which pings are answered. */
function run(heartbeat: Heartbeat, from: number, to: number, answers = true): string[] {
  const said = [];
  for (let second = from; second <= to; second++) {
    const verdict = heartbeat.tick(second * 1000);
    if (verdict) said.push(`${verdict} ${second}`);
    if (verdict === "ping" && answers) heartbeat.heard();
  }
  return said;
}

test("a connection that answers is asked every 5 seconds", () => {
  const heartbeat = new Heartbeat(0);
  heartbeat.heard();
  assert.deepEqual(run(heartbeat, 1, 15), ["ping 5", "ping 10", "ping 15"]);
});

test("a connection that is silent for 10 seconds after a ping is dead", () => {
  const heartbeat = new Heartbeat(0);
  heartbeat.heard();
  assert.deepEqual(run(heartbeat, 1, 15, false), ["ping 5", "ping 10", "dead 15"]);
});

test("an attempt that leads to nothing is given up after 10 seconds", () => {
  assert.deepEqual(run(new Heartbeat(0), 1, 10, false), ["ping 5", "dead 10"]);
});

test("doubt gives a connection 3 seconds", () => {
  const heartbeat = new Heartbeat(0);
  heartbeat.heard();
  heartbeat.doubt(1000);
  assert.deepEqual(run(heartbeat, 2, 4, false), ["dead 4"]);
});

test("after a sleep the connection is asked before it is judged", () => {
  const heartbeat = new Heartbeat(0);
  heartbeat.heard();
  run(heartbeat, 1, 5, false);
  assert.equal(heartbeat.tick(3_600_000), "ping");
  assert.deepEqual(run(heartbeat, 3601, 3603, false), ["dead 3603"]);
});

test("a hidden tab whose ticks come once a minute keeps its connection", () => {
  const heartbeat = new Heartbeat(0);
  for (let minute = 1; minute < 60; minute++) {
    assert.equal(heartbeat.tick(minute * 60_000), "ping");
    heartbeat.heard();
  }
});

test("after a sleep in which the monotonic clock stood still, the connection is asked", () => {
  const heartbeat = new Heartbeat(0, 0);
  heartbeat.heard();
  assert.equal(heartbeat.tick(1000, 1000), null);
  assert.equal(heartbeat.tick(2000, 10_000), "ping");
  assert.ok(heartbeat.isDoubtful);
});

test("a short sleep is asked about too, for the clock's sake, and casts no doubt", () => {
  const heartbeat = new Heartbeat(0, 0);
  heartbeat.heard();
  assert.equal(heartbeat.tick(1000, 2600), "ping");
  assert.ok(!heartbeat.isDoubtful);
  assert.equal(heartbeat.tick(2000, 3600), null);
});

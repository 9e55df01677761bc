import assert from "node:assert/strict";
import { test } from "node:test";
import { CloseCode, mayReturn } from "../../../clients/browser/src/protocol/close-codes.js";
import { Backoff } from "../../../clients/browser/src/core/backoff.js";

const LOST = 1006;
const almostOne = 0.999_999;

/** The delays of losses in a row. */
function delays(random: number, count: number): number[] {
  const backoff = new Backoff(() => random);
  return Array.from({ length: count }, () => Math.round(backoff.lost(LOST, 0)!));
}

test("delays double from 100 ms up to 5 s", () => {
  assert.deepEqual(delays(almostOne, 8), [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

test("the jitter is full: a delay may be nothing", () => {
  assert.deepEqual(delays(0, 3), [0, 0, 0]);
});

test("after years of attempts a delay is still one", () => {
  assert.equal(delays(almostOne, 5000).at(-1), 5000);
});

test("a steady connection's loss is a new one", () => {
  const backoff = new Backoff(() => almostOne);
  for (let loss = 0; loss < 4; loss++) backoff.lost(LOST, 0);
  backoff.live(1000);
  assert.equal(Math.round(backoff.lost(LOST, 6000)!), 100);
});

test("a connection that dies at once is the last loss's echo", () => {
  const backoff = new Backoff(() => almostOne);
  for (let loss = 0; loss < 4; loss++) backoff.lost(LOST, 0);
  backoff.live(1000);
  assert.equal(Math.round(backoff.lost(LOST, 1500)!), 1600);
});

test("a relay that drains is left alone for as long as it asked", () => {
  const backoff = new Backoff(() => 0);
  backoff.wait(3000, 10_000);
  assert.equal(backoff.lost(CloseCode.DRAIN, 11_000), 2000);
  assert.equal(backoff.lost(LOST, 20_000), 0);
});

test("a loss that is heard of late is not waited for again, but by who was asked to", () => {
  const backoff = new Backoff(() => almostOne);
  for (let loss = 0; loss < 4; loss++) backoff.lost(LOST, 0);
  assert.equal(backoff.lost(LOST, 0, true), 0);
  backoff.wait(3000, 0);
  assert.equal(backoff.lost(CloseCode.DRAIN, 0, true), 3000);
});

test("codes of 4500 to 4999 and a few others say to stay away", () => {
  const away = [1000, 1003, 1009, ...Object.values(CloseCode).filter((code) => code >= 4500)];
  for (const code of away) assert.equal(new Backoff(() => 0).lost(code, 0), null, String(code));
});

test("every other code says to come back, known or not", () => {
  for (const code of [1001, 1005, 1006, 1011, 1012, 3000, 4000, 4005, 4499, 5000]) {
    assert.ok(mayReturn(code), String(code));
  }
});

test("each loss leads to the next relay, and a round counts as one attempt", () => {
  const backoff = new Backoff(() => almostOne, 2);
  const found = [1, 2, 3, 4].map(() => [Math.round(backoff.lost(LOST, 0)!), backoff.relay]);
  assert.deepEqual(found, [
    [100, 1],
    [100, 0],
    [200, 1],
    [200, 0],
  ]);
});

test("a relay that asks to stay away says so of itself", () => {
  const backoff = new Backoff(() => 0, 2);
  backoff.wait(3000, 0);
  assert.equal(backoff.lost(CloseCode.DRAIN, 1000), 0);
  assert.equal(backoff.lost(LOST, 1000), 2000);
});

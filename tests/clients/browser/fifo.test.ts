import assert from "node:assert/strict";
import { test } from "node:test";
import { Fifo } from "../../../clients/browser/src/core/fifo.js";

test("what comes first, goes first, also after many", () => {
  const fifo = new Fifo<number>();
  assert.deepEqual([fifo.length, fifo.newest, fifo.shift()], [0, undefined, undefined]);
  let [pushed, shifted] = [0, 0];
  for (let round = 0; round < 100; round++) {
    for (let more = 0; more < 100; more++) fifo.push(pushed++);
    for (let fewer = 0; fewer < 90; fewer++) assert.equal(fifo.shift(), shifted++);
    assert.deepEqual([fifo.length, fifo.newest], [pushed - shifted, pushed - 1]);
  }
  assert.deepEqual(fifo.drain(), Array.from({ length: 1000 }, (_, index) => 9000 + index));
  assert.deepEqual([fifo.length, [...fifo]], [0, []]);
});

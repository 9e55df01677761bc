import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteProtocolError } from "../../../clients/browser/src/protocol/errors.js";
import { Window } from "../../../clients/browser/src/protocol/window.js";

const message = (number: number): Uint8Array<ArrayBuffer> => Uint8Array.of(number);

function windowWith(count: number, size = 256): Window {
  const window = new Window(size);
  for (let number = 1; number <= count; number++) window.add(message(number));
  return window;
}

test("frames are numbered from 1", () => {
  const window = new Window();
  assert.equal(window.add(message(7)), 1);
  assert.equal(window.add(message(8)), 2);
});

test("what the relay took is forgotten, the rest stays in order", () => {
  const window = windowWith(4);
  window.take(3);
  assert.deepEqual(window.pending, [message(4)]);
});

test("older news about taken frames changes nothing", () => {
  const window = windowWith(4);
  window.take(3);
  window.take(1);
  assert.equal(window.taken, 3);
  assert.equal(window.pending.length, 1);
});

test("a relay that takes what was never sent is wrong", () => {
  assert.throws(() => windowWith(2).take(3), RemoteProtocolError);
});

test("a full window has room again when the relay takes one", () => {
  const window = windowWith(2, 2);
  assert.ok(window.isFull);
  window.take(1);
  assert.ok(!window.isFull);
});

test("a seat that the relay knows better goes on from its count", () => {
  const window = windowWith(2);
  window.countOn(40);
  assert.deepEqual(window.pending, []);
  assert.equal(window.add(message(1)), 41);
});

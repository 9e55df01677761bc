import assert from "node:assert/strict";
import { test } from "node:test";
import { SeatSecret } from "../../../clients/browser/src/secret.js";

function tab(copied: Iterable<[string, string]> = []) {
  const held = new Map(copied);
  return {
    held,
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
    removeItem: (key: string) => void held.delete(key),
  };
}

test("a secret is 16 random bytes", () => {
  const one = new SeatSecret("K7QF", null).bytes;
  assert.equal(one.length, 16);
  assert.notDeepEqual(one, new SeatSecret("K7QF", null).bytes);
});

test("a reloaded page has the same secret, however the code was written", () => {
  const storage = tab();
  const before = new SeatSecret("K7QF", storage);
  before.putAway();
  assert.deepEqual([...storage.held.keys()], ["roomwire:K7QF"]);
  assert.deepEqual(new SeatSecret("k7qf", storage).bytes, before.bytes);
});

test("another room has another secret", () => {
  const storage = tab();
  const before = new SeatSecret("K7QF", storage);
  before.putAway();
  assert.notDeepEqual(new SeatSecret("ABCD", storage).bytes, before.bytes);
});

test("a tab that is duplicated while it is shown takes no secret along", () => {
  const storage = tab();
  const original = new SeatSecret("K7QF", storage);
  original.putAway();
  original.takeOut();
  const duplicate = tab(storage.held);
  assert.notDeepEqual(new SeatSecret("K7QF", duplicate).bytes, original.bytes);
});

test("two seats of one page are two", () => {
  const storage = tab();
  const one = new SeatSecret("K7QF", storage);
  assert.notDeepEqual(new SeatSecret("K7QF", storage).bytes, one.bytes);
});

test("a seat that was given up is not found again", () => {
  const storage = tab();
  const secret = new SeatSecret("K7QF", storage);
  secret.putAway();
  secret.forget();
  secret.putAway();
  assert.equal(storage.held.size, 0);
});

test("what is no secret in the storage is not taken for one", () => {
  const storage = tab([["roomwire:K7QF", "abc"]]);
  assert.equal(new SeatSecret("K7QF", storage).bytes.length, 16);
});

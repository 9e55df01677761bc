// The fast way and the exact one: `read` against `scan`, and against a reader that is not ours.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode as secondOpinion } from "@msgpack/msgpack";
import { RemoteProtocolError } from "../../../clients/browser/src/protocol/errors.js";
import { pack } from "../../../clients/browser/src/protocol/msgpack/payload.js";
import { Float, read } from "../../../clients/browser/src/protocol/msgpack/read.js";
import { scan } from "../../../clients/browser/src/protocol/msgpack/scan.js";
import { type Random, below, damaged, oneOf, randomOf } from "./random.js";
import { bytes, vectors } from "./vectors.js";

const ROUNDS = 50_000;
/** Bytes up to which values are compared too: of a longer text, the other reader loses U+FEFF. */
const COMPARED = 200;

const TEXTS = ["", "x", "é", "🦊", "\ufeff", "constructor", "toString", "a\0b", "10", "9"];
const NUMBERS = [0, -1, 127, 128, -33, 65536, 2 ** 32, -(2 ** 31) - 1, 2 ** 53 - 1, 1.5, NaN];

function value(random: Random, depth = 0): unknown {
  switch (below(random, depth > 3 ? 4 : 6)) {
    case 0:
      return oneOf(random, [null, true, false]);
    case 1:
      return oneOf(random, NUMBERS);
    case 2:
      return text(random);
    case 3:
      return new Uint8Array(below(random, 40)).fill(0x81);
    case 4:
      return Array.from({ length: below(random, 20) }, () => value(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: below(random, 20) }, () => [text(random), value(random, depth + 1)]),
      );
  }
}

const text = (random: Random): string =>
  oneOf(random, TEXTS) + "k".repeat(below(random, 3) * below(random, 25));

function seeds(random: Random): Uint8Array[] {
  const values = [...vectors("values", "accepted"), ...vectors("values", "rejected")];
  const frames = [...vectors("valid"), ...vectors("legal"), ...vectors("malformed")];
  const known = [...values, ...frames].map(({ hex }) => bytes(hex));
  const made = Array.from({ length: 300 }, () => pack(value(random)));
  return [...known.filter(({ length }) => length > 0 && length < 20_000), ...made];
}

/** What comes of a message: a value, or an error as far as others must agree about it. */
function outcome(attempt: () => unknown): { value?: unknown; error?: readonly unknown[] } {
  try {
    return { value: attempt() };
  } catch (error) {
    assert.ok(error instanceof RemoteProtocolError, String(error));
    const { code, offset, expected, got, limit } = error;
    return { error: [code, offset, expected, got, limit] };
  }
}

/** A value of a frame as one of a payload. */
function plain(value: unknown): unknown {
  if (value instanceof Float) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, element]) => [key, plain(element)]));
}

test(`reading and scanning agree about ${ROUNDS} damaged messages`, () => {
  const random = randomOf(14);
  const undamaged = seeds(random);
  const counts = { accepted: 0, refused: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    let message = oneOf(random, undamaged);
    for (let times = below(random, 4); times > 0 && message.length > 0; times--) {
      message = damaged(message, random);
    }
    const isFrame = round % 2 === 1;
    const exact = outcome(() => scan(message));
    const fast = outcome(() => read(message, isFrame));
    if (exact.error || fast.error) assert.deepEqual(fast.error, exact.error, hex(message));
    counts[exact.error ? "refused" : "accepted"] += 1;
    if (exact.error || message.length > COMPARED) continue;
    const value = isFrame ? plain(fast.value) : fast.value;
    assert.deepEqual(value, secondOpinion(message), hex(message));
  }
  assert.ok(counts.accepted > ROUNDS / 10 && counts.refused > ROUNDS / 4, JSON.stringify(counts));
});

const hex = (message: Uint8Array): string => Buffer.from(message).toString("hex");

test("the maps of a frame keep the order of the wire, those of a payload are plain objects", () => {
  const message = bytes("83A16201A13202A13103");
  const map = read(message, true) as Map<string, number>;
  assert.deepEqual([...map], [["b", 1], ["2", 2], ["1", 3]]);
  const object = read(message) as object;
  assert.equal(Object.getPrototypeOf(object), Object.prototype);
  assert.deepEqual(object, { b: 1, 2: 2, 1: 3 });
});

test("a key that is not UTF-8 is refused also after one with these bytes for code units", () => {
  // Keys are kept by their bytes: among so many, some have the same place as their units.
  for (let units = 0x80; units < 0x100; units++) {
    for (const second of [...Array(0x20).keys()]) {
      const key = String.fromCharCode(units, second);
      assert.deepEqual(read(pack({ [key]: 1 })), { [key]: 1 });
      assert.throws(() => read(Uint8Array.of(0x81, 0xa2, units, second, 1)), RemoteProtocolError);
    }
  }
});

test("what an object has from the start is a key like any other", () => {
  const value = { toString: 1, constructor: [2], hasOwnProperty: null };
  const found = read(pack(value)) as object;
  assert.deepEqual(Object.entries(found), Object.entries(value));
  const twice = bytes("82A8746F537472696E6701A8746F537472696E6702");
  assert.throws(() => read(twice), RemoteProtocolError);
});

test("a short view of much memory is read within its bounds", () => {
  const memory = new Uint8Array(100).fill(0x01);
  memory.set([0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 50);
  assert.equal(read(memory.subarray(50, 59)), 1.5);
  assert.throws(() => read(memory.subarray(50, 58)), { code: 1, offset: 8 });
});

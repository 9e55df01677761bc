import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "../../../clients/browser/src/protocol/codec.js";
import {
  LocalProtocolError,
  RemoteProtocolError,
} from "../../../clients/browser/src/protocol/errors.js";
import type { ClientFrame } from "../../../clients/browser/src/protocol/frames.js";
import { bytes, vectors } from "./vectors.js";

test("the codec's example frames have SPEC.md's bytes", () => {
  const hi = new TextEncoder().encode("hi");
  assert.deepEqual(encode({ type: "Send", target: null, payload: hi }), bytes("9310C0C4026869"));
  assert.deepEqual(encode({ type: "Hello", version: 1, options: {} }), bytes("93010180"));
});

for (const [what, frame] of [
  ["a float for an int", { type: "Ping", t: 1.5 }],
  ["an int beyond its bounds", { type: "Volatile", key: 256, target: null, payload: bytes("") }],
  ["a text for bytes", { type: "Send", target: null, payload: "hi" }],
  ["a name that is too long", { type: "Hello", version: 1, options: { name: "é".repeat(33) } }],
  ["a room that cannot be", { type: "Hello", version: 1, options: { create: { capacity: 0 } } }],
  ["a target that is none", { type: "Send", target: -256, payload: bytes("") }],
  ["a field that is missing", { type: "Kick", player: 1 }],
  ["a frame that there is not", { type: "Unknown", opcode: 99 }],
] as [string, ClientFrame][]) {
  test(`${what} is not encoded`, () => {
    assert.throws(() => encode(frame), LocalProtocolError);
  });
}

test("an error names the field by its path", () => {
  const frame = { type: "Hello", version: 1, options: { create: { tags: { mode: 7 } } } };
  assert.throws(
    () => encode(frame as unknown as ClientFrame),
    /Hello\.options\.create\.tags\.mode/,
  );
});

/** A small generator with a seed, so that a failure is the same for everyone (mulberry32). */
function randomOf(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function damaged(message: Uint8Array, random: () => number): Uint8Array {
  const at = Math.floor(random() * message.length);
  const byte = Math.floor(random() * 256);
  switch (Math.floor(random() * 4)) {
    case 0:
      return message.slice(0, at);
    case 1:
      return Uint8Array.from([...message.slice(0, at), byte, ...message.slice(at)]);
    case 2:
      return Uint8Array.from([...message.slice(0, at), ...message.slice(at + 1)]);
    default:
      return message.map((old, index) => (index === at ? byte : old));
  }
}

test("of damaged frames, decode says where they are wrong, and nothing else escapes", () => {
  const random = randomOf(1);
  const valid = vectors("valid").filter(({ hex }) => typeof hex === "string");
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    const { hex, by } = valid[Math.floor(random() * valid.length)]!;
    const message = damaged(damaged(bytes(hex), random), random);
    try {
      const frame = decode(message, by);
      if (frame.type !== "Unknown") decode(encode(frame), by);
    } catch (error) {
      assert.ok(error instanceof RemoteProtocolError, String(error));
      assert.ok(error.offset !== undefined && error.offset <= message.length, error.message);
      refused += 1;
    }
  }
  assert.ok(refused > 10_000);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "../../../clients/browser/src/protocol/codec.js";
import { ErrorCode } from "../../../clients/browser/src/protocol/error-codes.js";
import {
  ProtocolError,
  RemoteProtocolError,
} from "../../../clients/browser/src/protocol/errors.js";
import {
  CLIENT_FRAMES,
  type ClientFrame,
  RELAY_FRAMES,
} from "../../../clients/browser/src/protocol/frames.js";
import { Opcode } from "../../../clients/browser/src/protocol/opcodes.js";
import { pack, unpack } from "../../../clients/browser/src/protocol/msgpack/payload.js";
import { bytes, valueOf, vectors } from "./vectors.js";

for (const vector of vectors("valid")) {
  test(`valid: ${vector.note}`, () => {
    const message = bytes(vector.hex);
    const frame = decode(message, vector.by);
    assert.equal(opcodeOf(frame.type, vector.by), Opcode[vector.frame as keyof typeof Opcode]);
    const { type: _, ...fields } = frame;
    assertHolds(fields, valueOf(vector.fields));
    assert.deepEqual(encode(frame as ClientFrame), message);
  });
}

for (const vector of vectors("legal")) {
  test(`legal: ${vector.note}`, () => {
    const frame = decode(bytes(vector.hex), vector.by);
    if (vector.canonical === null) assert.equal(frame.type, "Unknown");
    else assert.deepEqual(encode(frame as ClientFrame), bytes(vector.canonical as string));
  });
}

for (const vector of vectors("malformed")) {
  // By its length alone, which is the relay's to see.
  if (vector.code === "TOO_BIG") continue;
  test(`malformed: ${vector.note}`, () => {
    assertRefused(() => decode(bytes(vector.hex), vector.by), vector);
  });
}

for (const vector of vectors("values", "accepted")) {
  test(`value: ${vector.note}`, () => {
    const value = unpack(bytes(vector.hex));
    assert.deepEqual(value, valueOf(vector.value));
    assert.deepEqual(unpack(pack(value)), value === 0 ? 0 : value); // -0 is packed as the int 0
    const { packed_by_javascript: packed } = vector;
    if (packed !== undefined) assert.deepEqual(pack(value), bytes(packed));
  });
}

for (const vector of vectors("values", "rejected")) {
  test(`no value: ${vector.note}`, () => {
    assertRefused(() => unpack(bytes(vector.hex)), vector);
  });
}

type Expected = ReturnType<typeof vectors>[number];

function assertRefused(attempt: () => unknown, { code, offset, limit }: Expected): void {
  assert.throws(attempt, (error: ProtocolError) => {
    assert.ok(error instanceof RemoteProtocolError);
    assert.equal(error.code, ErrorCode[code as keyof typeof ErrorCode], error.message);
    assert.equal(error.offset, offset, error.message);
    assert.equal(error.limit, limit, error.message);
    return true;
  });
}

function opcodeOf(type: string, by: "client" | "relay"): number | undefined {
  const frames: Record<string, { opcode: number }> = by === "client" ? CLIENT_FRAMES : RELAY_FRAMES;
  return frames[type]?.opcode;
}

/** Asserts that a decoded frame or record has what the wire had; the rest is at its default. */
function assertHolds(actual: unknown, expected: unknown): void {
  if (!isRecord(expected) || !isRecord(actual)) return assert.deepEqual(actual, expected);
  for (const [key, value] of Object.entries(expected)) {
    const name = key.replace(/_[a-z]/g, (match) => match[1]!.toUpperCase());
    assertHolds(actual[name] ?? actual[key], value);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array);

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { decode, encode } from "../../../clients/browser/src/protocol/codec.js";
import {
  LocalProtocolError,
  RemoteProtocolError,
} from "../../../clients/browser/src/protocol/errors.js";
import type { ClientFrame } from "../../../clients/browser/src/protocol/frames.js";
import { damaged, oneOf, randomOf } from "./random.js";
import { bytes, vectors } from "./vectors.js";

type FrameOfClient<N> = Extract<ClientFrame, { type: N }>;

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

test("bytes of another realm are sent and read as our own", () => {
  const payload = runInNewContext("new Uint8Array([104, 105])");
  const message = encode({ type: "Send", target: null, payload });
  assert.deepEqual(message, bytes("9310C0C4026869"));
  const theirs = runInNewContext(`new Uint8Array([${message}])`);
  assert.ok(!(theirs instanceof Uint8Array));
  const sent = decode(theirs, "client");
  assert.deepEqual(sent, { type: "Send", target: null, payload: bytes("6869") });
});

test("tags are encoded in the order in which they came", () => {
  const hex = "93010181A663726561746581A47461677383A162A0A139A0A131A0";
  const hello = decode(bytes(hex), "client") as FrameOfClient<"Hello">;
  const { create } = hello.options;
  assert.deepEqual(typeof create === "object" && create.tags, { 1: "", 9: "", b: "" });
  assert.deepEqual(encode(hello), bytes(hex));
});

test("tags that the wire does not carry are not encoded", () => {
  const tags = JSON.parse('{"__proto__": "x"}');
  const hello = { type: "Hello", version: 1, options: { create: { tags } } } as const;
  assert.throws(() => encode(hello), LocalProtocolError);
  const map = { ...hello, options: { create: { tags: new Map([["a", "b"]]) } } };
  assert.throws(() => encode(map as unknown as ClientFrame), LocalProtocolError);
});

test("what is at its default is left out, and what is not is there", () => {
  const hello = (create: object) => encode({ type: "Hello", version: 1, options: { create } });
  assert.deepEqual(hello({ tags: {}, hostKeys: [], capacity: 64, title: "" }), hello({}));
  assert.deepEqual(
    hello({ hostKeys: ["a"] }),
    bytes("93010181A663726561746581A9686F73745F6B65797391A161"),
  );
});

test("an error names the field by its path", () => {
  const frame = { type: "Hello", version: 1, options: { create: { tags: { mode: 7 } } } };
  assert.throws(
    () => encode(frame as unknown as ClientFrame),
    /Hello\.options\.create\.tags\.mode/,
  );
});

test("of damaged frames, decode says where they are wrong, and nothing else escapes", () => {
  const random = randomOf(1);
  const valid = vectors("valid").filter(({ hex }) => typeof hex === "string");
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    const { hex, by } = oneOf(random, valid);
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

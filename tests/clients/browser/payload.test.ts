import assert from "node:assert/strict";
import { test } from "node:test";
import { ErrorCode } from "../../../clients/browser/src/protocol/error-codes.js";
import { LocalProtocolError } from "../../../clients/browser/src/protocol/errors.js";
import { pack, unpack } from "../../../clients/browser/src/protocol/msgpack/payload.js";

test("what is packed comes back", () => {
  const value = {
    nil: null,
    flags: [true, false],
    numbers: [0, -1, 127, 128, 65535, 2 ** 32, Number.MAX_SAFE_INTEGER, -(2 ** 40), 1.5, 1e300],
    texts: ["", "Zoë", "🦊", "x".repeat(70_000), `\ufeff${"y".repeat(300)}`],
    bytes: new Uint8Array([1, 2, 3]),
    deep: [[[[{ a: {} }]]]],
  };
  assert.deepEqual(unpack(pack(value)), value);
});

test("a key without a value is left out", () => {
  assert.deepEqual(unpack(pack({ a: undefined, b: 1 })), { b: 1 });
});

class Ship {
  x = 1;
}

const itself: unknown[] = [];
itself.push(itself);

for (const [what, value, code] of [
  ["a Map", new Map([["a", 1]]), ErrorCode.WRONG_TYPE],
  ["a Set within an object", { a: new Set() }, ErrorCode.WRONG_TYPE],
  ["a Date", [new Date()], ErrorCode.WRONG_TYPE],
  ["an instance", new Ship(), ErrorCode.WRONG_TYPE],
  ["floats as a typed array", new Float32Array(2), ErrorCode.WRONG_TYPE],
  ["a function", () => 1, ErrorCode.WRONG_TYPE],
  ["a BigInt", 1n, ErrorCode.WRONG_TYPE],
  ["half a surrogate pair", "\ud83e", ErrorCode.BAD_UTF8],
  ["half a pair in a long text", { a: `${"x".repeat(99)}\ud83e` }, ErrorCode.BAD_UTF8],
  ["half a pair in a key", { "\ud83e": 1 }, ErrorCode.BAD_UTF8],
  ["what contains itself", itself, ErrorCode.TOO_DEEP],
  ["too many elements", Array(1025).fill(0), ErrorCode.TOO_MANY],
  ["a key of prototypes", JSON.parse('{"__proto__": 1}'), ErrorCode.FORBIDDEN_TYPE],
] as const) {
  test(`${what} cannot be packed`, () => {
    assert.throws(
      () => pack(value),
      (error) => error instanceof LocalProtocolError && error.code === code,
    );
  });
}

test("a payload is read where it lies in a larger buffer", () => {
  const packed = pack([1.5, 2 ** 40]);
  const larger = new Uint8Array(packed.length + 20);
  larger.set(packed, 10);
  assert.deepEqual(unpack(larger.subarray(10, 10 + packed.length)), [1.5, 2 ** 40]);
});

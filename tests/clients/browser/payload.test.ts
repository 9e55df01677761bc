import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { ErrorCode } from "../../../clients/browser/src/protocol/error-codes.js";
import {
  LocalProtocolError,
  type ProtocolError,
} from "../../../clients/browser/src/protocol/errors.js";
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

test("each character is written as TextEncoder writes it, and comes back", () => {
  const encoder = new TextEncoder();
  const each = 6; // of four bytes, they are as many as are read without a decoder
  for (let first = 0; first < 0x110000; first += each) {
    const points = Array.from({ length: each }, (_, more) => first + more);
    const text = String.fromCodePoint(...points.filter(isCharacter));
    const packed = pack(text);
    assert.equal(Buffer.compare(packed.subarray(1), encoder.encode(text)), 0, `U+${first}`);
    assert.equal(unpack(packed), text);
  }
});

const isCharacter = (point: number): boolean =>
  point < 0x110000 && (point < 0xd800 || point > 0xdfff);

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

test("a sparse array is refused by its length, before anything is walked", () => {
  const before = process.cpuUsage(); // time on the clock is also that of others
  assert.throws(() => pack([new Array(1e9)]), { code: ErrorCode.TOO_MANY, got: "1000000000" });
  const took = process.cpuUsage(before).user / 1000;
  assert.ok(took < 1000, `${took} ms`);
});

test("the bounds are those of the profile, to the value", () => {
  const deep = (depth: number): unknown => (depth ? [deep(depth - 1)] : 1);
  const wide = (rows: number, rest: number): unknown => [
    ...Array.from({ length: rows }, () => Array(1024).fill(0)),
    ...Array(rest).fill(0),
  ];
  const keys = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, key) => [`k${key}`, 1]));
  for (const most of [deep(16), Array(1024).fill(0), wide(3, 1020), keys(1024)]) {
    assert.deepEqual(unpack(pack(most)), most);
  }
  for (const [beyond, code, limit] of [
    [deep(17), ErrorCode.TOO_DEEP, 16],
    [Array(1025).fill(0), ErrorCode.TOO_MANY, 1024],
    [keys(1025), ErrorCode.TOO_MANY, 1024],
    [keys(5000), ErrorCode.TOO_MANY, 1024],
    [wide(3, 1021), ErrorCode.TOO_MANY, 4096],
  ] as const) {
    assert.throws(() => pack(beyond), { code, limit });
  }
});

test("keys without a value do not count", () => {
  const object: Record<string, unknown> = {};
  for (let key = 0; key < 2000; key++) object[`k${key}`] = key % 500 ? undefined : key;
  assert.deepEqual(unpack(pack(object)), { k0: 0, k500: 500, k1000: 1000, k1500: 1500 });
  const twenty = Object.fromEntries(Array.from({ length: 20 }, (_, key) => [key, undefined]));
  assert.deepEqual(pack({ ...twenty, last: [1, "x"] }), pack({ last: [1, "x"] }));
});

test("what a getter throws comes through", () => {
  const error = new RangeError("of the program's own");
  const value = {
    get x() {
      throw error;
    },
  };
  assert.throws(() => pack([value]), (thrown) => thrown === error);
  assert.deepEqual(unpack(pack([1])), [1], "the next one is packed all the same");
});

test("a getter may pack something itself", () => {
  const value = {
    a: "x".repeat(100),
    get inner() {
      return pack({ b: "y".repeat(5000) });
    },
    c: 1,
  };
  const { inner, ...others } = unpack(pack(value)) as { inner: Uint8Array };
  assert.deepEqual(unpack(inner), { b: "y".repeat(5000) });
  assert.deepEqual(others, { a: "x".repeat(100), c: 1 });
});

test("values of another realm are packed and unpacked as our own", () => {
  const value = runInNewContext("({ bytes: new Uint8Array([1, 2]), list: [1, { a: null }] })");
  const ours = { bytes: new Uint8Array([1, 2]), list: [1, { a: null }] };
  assert.deepEqual(pack(value), pack(ours));
  const packed = runInNewContext(`new Uint8Array([${pack(ours)}])`);
  assert.ok(!(packed instanceof Uint8Array));
  assert.deepEqual(unpack(packed), ours);
  assert.throws(() => pack(runInNewContext("new Map()")), { code: ErrorCode.WRONG_TYPE });
});

test("what is no Uint8Array is not unpacked", () => {
  const buffer = new ArrayBuffer(1);
  for (const given of [null, 5, "\x90", [0x90], buffer, new DataView(buffer)])
    assert.throws(() => unpack(given as never), TypeError);
});

test("a number is packed in its shortest form", () => {
  for (const [number, hex] of [
    [127, "7f"], [128, "cc80"], [255, "ccff"], [256, "cd0100"], [65535, "cdffff"],
    [65536, "ce00010000"], [2 ** 32 - 1, "ceffffffff"], [2 ** 32, "cf0000000100000000"],
    [-1, "ff"], [-32, "e0"], [-33, "d0df"], [-128, "d080"], [-129, "d1ff7f"],
    [-32768, "d18000"], [-32769, "d2ffff7fff"], [-(2 ** 31), "d280000000"],
    [-(2 ** 31) - 1, "d3ffffffff7fffffff"], [Number.MAX_SAFE_INTEGER, "cf001fffffffffffff"],
    [Number.MIN_SAFE_INTEGER, "d3ffe0000000000001"], [2 ** 53, "cb4340000000000000"],
  ] as const) {
    assert.equal(Buffer.from(pack(number)).toString("hex"), hex, String(number));
    assert.equal(unpack(pack(number)), number);
  }
});

test("a text is packed in its shortest form, whatever it is made of", () => {
  for (const size of [0, 31, 32, 63, 64, 65, 255, 256, 65535, 65536, 70_000]) {
    for (const text of ["x".repeat(size), `é${"x".repeat(size)}`, `${"x".repeat(size)}🦊`]) {
      const packed = pack(text);
      const length = Buffer.byteLength(text);
      const head = length < 32 ? 1 : length < 256 ? 2 : length < 65536 ? 3 : 5;
      assert.equal(packed.length, head + length);
      assert.equal(unpack(packed), text);
    }
  }
});

test("an error shows no control characters of a peer", () => {
  const entry = [0xa4, 0x1b, 0x5b, 0x32, 0x4a, 1];
  const message = Uint8Array.of(0x82, ...entry, ...entry);
  assert.throws(
    () => unpack(message),
    (error: ProtocolError) => {
      assert.equal(error.got, "'\\x1b[2J' again");
      assert.ok(error.message.endsWith("got='\\x1b[2J' again"), error.message);
      return true;
    },
  );
});

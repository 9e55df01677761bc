import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "../../../clients/browser/src/page/decode/sources/text.js";
import { readFile, readText } from "../../../clients/browser/src/page/decode/sources/files.js";
import { NotReadable } from "../../../clients/browser/src/page/decode/sources/said.js";

const SENT = Uint8Array.of(0x93, 0x10, 0xc3, 0xc4, 0x02, 0x68, 0x69);

for (const text of [
  "9310C3C4026869",
  "93 10 c3 c4 02 68 69",
  "0x93, 0x10, 0xC3, 0xC4, 0x02, 0x68, 0x69",
  "\\x93\\x10\\xc3\\xc4\\x02\\x68\\x69",
  "93:10:c3:c4:02:68:69",
  "kxDDxAJoaQ==",
  "kxDDxAJoaQ",
  "b'\\x93\\x10\\xc3\\xc4\\x02hi'",
  'b"\\x93\\x10\\xc3\\xc4\\002hi"',
]) {
  test(`read: ${text}`, () => {
    assert.deepEqual(bytesOf(text), SENT);
    assert.deepEqual(
      readText(`${text}\n${text}\n`).map(({ data }) => data),
      [SENT, SENT],
    );
  });
}

for (const text of ["what?", "b'\\x9", "b'' + b''", "b'\u00e4'"]) {
  test(`refused: ${text}`, () => {
    assert.equal(bytesOf(text), null);
    assert.throws(() => readText(text), NotReadable);
  });
}

test("what Python escapes is what one byte is", () => {
  assert.deepEqual(bytesOf("b'\\n\\t\\\\\\'\\0'"), Uint8Array.of(10, 9, 92, 39, 0));
});

test("hex over several lines is one message where no line is one", () => {
  assert.deepEqual(
    readText("93 10 C3 C4 0\n2 68 69").map(({ data }) => data),
    [SENT],
  );
});

test("a file may be the bytes of one message", () => {
  assert.deepEqual(
    readFile(SENT).map(({ data }) => data),
    [SENT],
  );
});

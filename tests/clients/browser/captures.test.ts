// Captures of packets: the page finds in them what `relay decode` does.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bytesOfHex, hexOf } from "../../../clients/browser/src/page/decode/hex.js";
import { readFile } from "../../../clients/browser/src/page/decode/sources/files.js";
import { NotReadable, type Said } from "../../../clients/browser/src/page/decode/sources/said.js";
import { spoken } from "../../../clients/browser/src/page/decode/spoken.js";
import { below, randomOf } from "./random.js";

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly refused?: true;
  readonly said?: readonly unknown[];
}

const text = readFileSync("tests/clients/decode/captures.json", "utf8");
const vectors = JSON.parse(text) as Vector[];

const read = (hex: string): Said[] => readFile(bytesOfHex(hex)!);

/** As the file has it: a note's words are those of each language. */
function plain({ data, ...said }: Said): unknown {
  return said.kind === "note" ? said : { ...said, data: hexOf(data) };
}

for (const { name, hex, refused, said } of vectors) {
  test(`a capture: ${name}`, () => {
    if (refused) assert.throws(() => read(hex), NotReadable);
    else assert.deepEqual(read(hex).map(plain), said);
  });
}

const named = (name: string): string => vectors.find((vector) => vector.name === name)!.hex;

test("what is no message of a room is said in words", () => {
  const words = (name: string): string[] =>
    read(named(name))
      .filter(({ kind }) => kind !== "binary")
      .map(spoken);
  assert.deepEqual(words("text, close and what follows"), [
    "client a text message, which is refused (SPEC 2.5): hello",
    'relay close 4503 KICKED "enough"',
  ]);
  assert.match(words("a packet is missing")[0]!, /missed bytes here/);
  assert.match(words("no frame")[0]!, /no WebSocket frame: its reserved bits/);
  assert.match(words("no room")[0]!, /left out: this is no room/);
});

test("a damaged capture is read as far as it goes, or refused in a sentence", () => {
  let refused = 0;
  const random = randomOf(1);
  const whole = (bound: number): number => below(random, bound);
  const captures = ["recorded on loopback", "pcapng", "Ethernet with IPv6"];
  for (const capture of captures.map((name) => bytesOfHex(named(name))!)) {
    for (let round = 0; round < 300; round++) {
      const damaged = capture.slice(0, round % 3 ? capture.length : whole(capture.length));
      const at = whole(damaged.length);
      for (let place = at; place < Math.min(at + 4, damaged.length); place++)
        damaged[place] = whole(256);
      refused += isRead(damaged) ? 0 : 1;
    }
  }
  assert.ok(refused > 20 && refused < 450, String(refused));
});

function isRead(content: Uint8Array): boolean {
  try {
    return readFile(content).length > 0;
  } catch (error) {
    if (error instanceof NotReadable) return false;
    throw error;
  }
}

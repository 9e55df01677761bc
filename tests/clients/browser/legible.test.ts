import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cut, isolated, legible } from "../../../clients/browser/src/page/legible.js";

interface Vector {
  readonly note: string;
  readonly text: string;
  readonly legible: string;
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync("protocol/vectors/legible.json", "utf8"),
).vectors;

for (const { note, text, legible: expected } of vectors) {
  test(`words are made legible: ${note}`, () => {
    assert.equal(legible(text), expected);
    assert.equal(legible(expected), expected);
  });
}

test("no character that shows nothing is a name", () => {
  // Hieroglyphs' joiners and signs of numbers have a shape where they stand alone.
  const hasShape =
    /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}\u{13430}-\u{1343f}]/u;
  const acts = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (!acts.test(character) || hasShape.test(character)) continue;
    assert.equal(legible(character), "", code.toString(16));
  }
});

test("words from right to left are kept apart from what stands beside", () => {
  assert.equal(isolated("שלום"), "\u2068שלום\u2069");
  assert.equal(isolated("\u2069ש\u202e"), "\u2068ש\u2069");
  assert.equal(isolated("Löwe 🦁"), "Löwe 🦁");
});

test("what is cut is cut between characters", () => {
  assert.equal(cut("Ann", 3), "Ann");
  assert.equal(cut("Annabel", 4), "Ann…");
  assert.equal(cut("👨‍👩‍👧👨‍👩‍👧👨‍👩‍👧", 2), "👨‍👩‍👧…");
});

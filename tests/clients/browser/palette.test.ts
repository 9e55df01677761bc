// Which colour each player has, before and after a relay is started anew.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Player, Room } from "../../../clients/browser/src/index.js";
import { colour } from "../../../clients/browser/src/page/dom.js";
import { Palette } from "../../../clients/browser/src/page/game/palette.js";

const roomOf = (...names: string[]): Pick<Room, "players"> => ({
  players: new Map(
    names.map((name, index) => [index + 1, { number: index + 1, name } as unknown as Player]),
  ),
});

/** The colours of the players in a room, in the order in which they are asked for. */
function colours(palette: Palette, ...names: string[]): Record<string, string> {
  palette.follow(roomOf(...names));
  return Object.fromEntries(names.map((name, index) => [name, palette.of(index + 1)]));
}

test("colours go by number, alike on all pages", () => {
  assert.deepEqual(colours(new Palette(), "Ann", "Bob"), { Ann: colour(1), Bob: colour(2) });
});

test("who comes back under another number keeps the colour", () => {
  const palette = new Palette();
  const before = colours(palette, "Ann", "Bob", "Cid");
  assert.deepEqual(colours(palette, "Cid", "Ann", "Bob"), before);
});

test("a newcomer takes no colour of somebody who is back", () => {
  const palette = new Palette();
  const before = colours(palette, "Ann", "Bob");
  const after = colours(palette, "Dan", "Bob", "Ann");
  assert.deepEqual({ Ann: after["Ann"], Bob: after["Bob"] }, before);
  assert.equal(new Set(Object.values(after)).size, 3);
});

test("two of one name are told apart", () => {
  const palette = new Palette();
  palette.follow(roomOf("Ann", "Ann"));
  assert.notEqual(palette.of(1), palette.of(2));
});

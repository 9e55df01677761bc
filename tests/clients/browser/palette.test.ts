// Which colour each player has, before and after a relay is started anew.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Player, Room } from "../../../clients/browser/src/index.js";
import { colour } from "../../../clients/browser/src/page/dom.js";
import { Palette } from "../../../clients/browser/src/page/game/palette.js";

const playerOf = (number: number, name: string) => ({ number, name }) as unknown as Player;

const roomOf = (...names: string[]): Pick<Room, "players"> => ({
  players: new Map(names.map((name, index) => [index + 1, playerOf(index + 1, name)])),
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

/** All orders of some things. */
function orders<T>(things: readonly T[]): T[][] {
  if (things.length === 0) return [[]];
  return things.flatMap((thing, index) =>
    orders(things.filter((_, other) => other !== index)).map((rest) => [thing, ...rest]),
  );
}

const NAMES = ["Ann", "Bob", "Cid"];

/** Lets players come one by one. The page asks for the colours of all whenever one has come. */
function arrivals(palette: Palette, numbered: readonly (readonly [number, string])[]) {
  const players = new Map<number, Player>();
  palette.follow({ players });
  for (const [number, name] of numbered) {
    players.set(number, playerOf(number, name));
    for (const present of players.keys()) palette.of(present);
  }
  return Object.fromEntries(numbered.map(([number, name]) => [name, palette.of(number)]));
}

test("in whatever order they come back, and under whatever numbers, they keep their colours", () => {
  for (const numbered of orders(NAMES)) {
    for (const coming of orders(numbered.map((name, index) => [index + 1, name] as const))) {
      const palette = new Palette();
      const before = colours(palette, ...NAMES);
      assert.deepEqual(arrivals(palette, coming), before, JSON.stringify(coming));
    }
  }
});

test("and so they do again and again", () => {
  const palette = new Palette();
  const before = colours(palette, ...NAMES);
  for (const numbered of orders(NAMES)) {
    const coming = numbered.map((name, index) => [index + 1, name] as const);
    assert.deepEqual(arrivals(palette, coming), before, JSON.stringify(coming));
  }
});

test("as long as some of them are still away, the others have theirs", () => {
  for (const numbered of orders(NAMES)) {
    const palette = new Palette();
    const before = colours(palette, ...NAMES);
    const coming = numbered.slice(0, 2).map((name, index) => [index + 2, name] as const);
    for (const [name, shown] of Object.entries(arrivals(palette, coming))) {
      assert.equal(shown, before[name], JSON.stringify(coming));
    }
  }
});

// The room page's game, as a player and as its host.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Game } from "../../../clients/browser/src/page/game/game.js";
import { pack, unpack } from "../../../clients/browser/src/protocol/msgpack/payload.js";
import { joined, welcome } from "./frames.js";
import { type Entered, clock, enterUpToLive, pass, stopClock } from "./entered.js";

const STILL = { x: 0, y: 0 };

beforeEach(stopClock);

interface Play extends Entered {
  game: Game;
  /** Bob sends a value. */
  bob(value: unknown): void;
  /** Bob's comet is there. */
  bobAt(x: number, y: number): void;
  /** The last "orbs" that I sent. */
  told(): { orbs: number[][]; scores: Record<string, number> } | undefined;
}

/** Plays as player 1, with Bob. */
function play(host: number): Play {
  const entered = enterUpToLive({}, host);
  const { room, socket } = entered;
  const game = new Game(room, () => clock() / 1000);
  socket().tell({ type: "Live", seq: 4 });
  let seq = 10;
  return {
    ...entered,
    game,
    bob: (value) => socket().tell({ type: "Deliver", seq: seq++, sender: 2, payload: pack(value) }),
    bobAt: (x, y) =>
      socket().tell({ type: "Update", key: 0, sender: 2, payload: pack([x, y, 0, 0]) }),
    told: () =>
      sent(entered)
        .filter(({ t }) => t === "orbs")
        .at(-1),
  };
}

const sent = ({ socket }: Entered): any[] =>
  socket()
    .heard()
    .flatMap((frame) => (frame.type === "Send" ? [unpack(frame.payload)] : []));

/** The positions that I told since the last look. */
const positions = ({ socket }: Entered): unknown[] =>
  socket()
    .heard()
    .filter((frame) => frame.type === "Volatile" && frame.key === 0);

test("where I am is told while I move, and not while I stand still", () => {
  const played = play(2);
  const { game } = played;
  for (let frame = 0; frame < 10; frame++) {
    pass(50);
    game.step(0.05, { x: 1, y: 0 });
  }
  assert.ok(positions(played).length >= 5);
  for (let frame = 0; frame < 200; frame++) game.step(0.05, STILL);
  pass(1000);
  game.step(0.05, STILL);
  positions(played);
  for (let frame = 0; frame < 20; frame++) {
    pass(50);
    game.step(0.05, STILL);
  }
  assert.deepEqual(positions(played), []);
});

test("a comet moves until its tail has caught up with it, and a pulse until it is over", () => {
  const { game, bob, bobAt } = play(2);
  const moves = (frames: number, steer = STILL): boolean[] =>
    Array.from({ length: frames }, () => (pass(50), game.step(0.05, steer), game.isMoving));
  Object.assign(game.mine!.at, { x: 100, y: 100 });
  bobAt(1000, 100);
  assert.deepEqual(new Set(moves(10)), new Set([false]));
  assert.deepEqual(moves(3, { x: 1, y: 0 }), [true, true, true]);
  assert.deepEqual([moves(20).at(-1), moves(80).at(-1)], [true, false]);
  bobAt(1100, 100);
  assert.deepEqual([moves(1), moves(40).at(-1)], [[true], false]);
  bob({ t: "say", text: "hello" });
  assert.deepEqual(moves(1), [false]);
  bob({ t: "pop" });
  assert.deepEqual([moves(1), moves(20).at(-1)], [[true], false]);
});

test("others are drawn where they must be by now", () => {
  const { game, socket } = play(2);
  const tell = (x: number): void =>
    socket().tell({ type: "Update", key: 0, sender: 2, payload: pack([x, 100, 200, 0]) });
  tell(300);
  pass(250);
  game.step(0.25, STILL);
  assert.equal(Math.round(game.ships.get(2)!.at.x), 350);
  tell(400);
  assert.equal(Math.round(game.ships.get(2)!.at.x), 350, "it does not jump");
  pass(500);
  game.step(0.5, STILL);
  assert.ok(Math.abs(game.ships.get(2)!.at.x - 500) < 2, "the difference fades");
});

test("a pulse pushes me away from who pulsed", () => {
  const { game, bob, bobAt } = play(2);
  Object.assign(game.mine!.at, { x: 800, y: 450 });
  bobAt(750, 450);
  bob({ t: "pop" });
  assert.ok(game.mine!.velocity.x > 100);
});

test("I ask the host for an orb that I touch, once", () => {
  const played = play(2);
  const { game, bob } = played;
  Object.assign(game.mine!.at, { x: 500, y: 500 });
  bob({
    t: "orbs",
    orbs: [
      [7, 510, 500],
      [8, 900, 500],
    ],
    scores: {},
  });
  sent(played);
  game.step(0, STILL);
  game.step(0, STILL);
  assert.deepEqual(sent(played), [{ t: "grab", orb: 7 }]);
});

test("what somebody who is not host says of orbs counts for nothing", () => {
  const { game, bob, room } = play(1);
  const before = game.orbs;
  bob({ t: "orbs", orbs: [], scores: { 2: 99 } });
  assert.ok(room.isHost);
  assert.equal(game.orbs, before);
  assert.equal(game.scores.get(2), undefined);
});

test("a host lays out a dozen orbs and tells everybody", () => {
  const { told } = play(1);
  assert.equal(told()?.orbs.length, 12);
});

test("a host gives an orb to the first who grabs it", () => {
  const { game, bob, bobAt, told } = play(1);
  const orb = [...game.orbs.values()][0]!;
  bobAt(orb.x, orb.y);
  bob({ t: "grab", orb: orb.id });
  bob({ t: "grab", orb: orb.id });
  const { orbs, scores } = told()!;
  assert.deepEqual(scores, { 2: 1 });
  assert.equal(orbs.length, 12);
  assert.ok(!orbs.some(([id]) => id === orb.id));
});

test("a host refuses an orb to who is nowhere near", () => {
  const { game, bob, bobAt } = play(1);
  const orb = [...game.orbs.values()][0]!;
  bobAt(orb.x > 800 ? 0 : 1600, orb.y);
  bob({ t: "grab", orb: orb.id });
  assert.equal(game.scores.size, 0);
});

test("a new host goes on with the orbs and scores of the last one", () => {
  const played = play(2);
  const { bob, socket, told } = played;
  bob({ t: "orbs", orbs: [[7, 510, 500]], scores: { 1: 4, 2: 5 } });
  socket().tell({ type: "Host", seq: 50, player: 1, term: 2 });
  const { orbs, scores } = told()!;
  assert.deepEqual(orbs[0], [7, 510, 500]);
  assert.equal(orbs.length, 12);
  assert.deepEqual(scores, { 1: 4, 2: 5 });
});

test("a host drops the score of who left", () => {
  const { game, bob, socket, told } = play(2);
  bob({ t: "orbs", orbs: [], scores: { 1: 4, 2: 5 } });
  socket().tell({ type: "Host", seq: 50, player: 1, term: 2 });
  socket().tell({ type: "Left", seq: 51, player: 2, reason: 1 });
  assert.deepEqual(told()?.scores, { 1: 4 });
  assert.ok(!game.ships.has(2));
});

test("the room remembers the scores for a host who has heard nothing", () => {
  const { game, socket } = play(2);
  const payload = pack({ 1: 3 });
  socket().tell({
    type: "Property",
    seq: 9,
    scope: 0,
    key: "scores",
    value: payload,
    version: 1,
    by: 2,
  });
  assert.deepEqual([...game.scores], [[1, 3]]);
});

test("in another incarnation of the room, numbers mean other players", () => {
  const { game, room, bob, bobAt, socket } = play(2);
  const mine = game.mine;
  bobAt(10, 10);
  bob({ t: "orbs", orbs: [[7, 510, 500]], scores: { 2: 5 } });
  room.drop();
  pass(100);
  socket().open();
  socket().tell(welcome({ epoch: new Uint8Array(8).fill(2) }), joined(1, "Ada"));
  assert.deepEqual([game.ships.size, game.orbs.size, game.scores.size], [0, 0, 0]);
  socket().tell({ type: "Live", seq: 2 });
  assert.equal(game.mine, mine, "my comet stays where it is");
});

for (const value of [
  null,
  7,
  [],
  {},
  { t: "orbs" },
  { t: "orbs", orbs: [["a", "b", "c"], 7, [1]], scores: [1] },
  { t: "say" },
  { t: "grab", orb: {} },
  { t: "pop", at: "everywhere" },
]) {
  test(`a player who sends ${JSON.stringify(value)} does no harm`, () => {
    const { game, bob, bobAt } = play(2);
    bobAt(10, 10);
    bob(value);
    game.step(0.05, STILL);
    assert.ok(game.mine);
  });
}

for (const payload of [
  pack("here"),
  pack([1, 2]),
  pack([1, 2, 3, "x"]),
  pack([NaN, 1, 1, 1]),
  Uint8Array.of(0xc1),
]) {
  test(`a position of ${Buffer.from(payload).toString("hex")} is no position`, () => {
    const { game, socket } = play(2);
    socket().tell({ type: "Update", key: 0, sender: 2, payload });
    assert.ok(!game.ships.has(2));
  });
}

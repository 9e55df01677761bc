import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  LocalProtocolError,
  RemoteProtocolError,
} from "../../../clients/browser/src/protocol/errors.js";
import type { FrameOf } from "../../../clients/browser/src/protocol/frames.js";
import { ErrorCode } from "../../../clients/browser/src/index.js";
import { SNAPSHOT_BYTES } from "../../../clients/browser/src/protocol/limits.js";
import { pack } from "../../../clients/browser/src/protocol/msgpack/payload.js";
import { PART_HEAD, Parts, cut } from "../../../clients/browser/src/core/snapshot.js";
import { encode } from "../../../clients/browser/src/protocol/codec.js";
import { enter, enterLive, enterUnread, pass, stopClock, types } from "./entered.js";
import { joined, welcome } from "./frames.js";

type Part = FrameOf<"Snapshot">;

const KIB = 1024;
const only = <T>(list: readonly T[]): T => (assert.equal(list.length, 1), list[0]!);
const bytes = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, index) => index % 251);
const part = (number: number, parts: number, payload = bytes(1), seq = 7): Part => ({
  type: "Snapshot",
  seq,
  part: number,
  parts,
  payload,
});
const deliver = (seq: number, value: unknown): FrameOf<"Deliver"> => ({
  type: "Deliver",
  seq,
  sender: 2,
  payload: pack(value),
});

beforeEach(stopClock);

test("a snapshot is cut into frames that the relay takes, and put together again", () => {
  for (const length of [0, 1, 237, 238, 239, 2000]) {
    const frames = cut(Number.MAX_SAFE_INTEGER, bytes(length), { maxFrame: 256, window: 256 });
    assert.ok(frames.every((frame) => encode(frame).length <= 256));
    assert.equal(frames.length, Math.max(1, Math.ceil(length / (256 - PART_HEAD))));
    const parts = new Parts();
    const whole = frames.map((frame) => parts.add(frame as Part));
    assert.deepEqual(whole.pop()?.payload, bytes(length));
    assert.ok(whole.every((event) => event === null));
  }
});

for (const [maxFrame, window, limit] of [
  [16 * KIB, 256, 64 * (16 * KIB - PART_HEAD)],
  [1024 * KIB, 256, 1024 * KIB],
  [256, 2, 2 * (256 - PART_HEAD)],
] as const) {
  test(`with frames of ${maxFrame} and a window of ${window}, it has up to ${limit} bytes`, () => {
    assert.ok(cut(0, new Uint8Array(limit), { maxFrame, window }).length <= Math.min(64, window));
    assert.throws(() => cut(0, new Uint8Array(limit + 1), { maxFrame, window }), {
      code: ErrorCode.TOO_BIG,
      limit,
    });
  });
}

for (const [what, wrong] of [
  ["the same part again", part(0, 3)],
  ["a part too far on", part(2, 3)],
  ["a part of another snapshot", part(1, 3, bytes(1), 8)],
  ["a part of another number of parts", part(1, 2)],
  ["too much", part(1, 3, new Uint8Array(SNAPSHOT_BYTES))],
] as const) {
  test(`${what} is a breach`, () => {
    const parts = new Parts();
    parts.add(part(0, 3));
    assert.throws(() => parts.add(wrong), RemoteProtocolError);
  });
}

test("who joins late hears the snapshot, then history, and then what happens", () => {
  const { events, socket } = enter();
  socket().open();
  const state = pack({ map: [1, 2, 3] });
  socket().tell(welcome(), joined(1, "Ada", 9), joined(2, "Bob", 10));
  socket().tell(part(0, 2, state.slice(0, 4), 5), part(1, 2, state.slice(4), 5));
  socket().tell(deliver(6, "old"), { type: "Live", seq: 10 }, deliver(11, "new"));
  assert.deepEqual(types(events).slice(2), ["snapshotReceived", "message", "live", "message"]);
  const [snapshot, old, , fresh] = events.slice(2);
  assert.ok(snapshot?.type === "snapshotReceived");
  assert.ok(old?.type === "message" && fresh?.type === "message");
  assert.deepEqual([snapshot.seq, snapshot.value], [5, { map: [1, 2, 3] }]);
  assert.deepEqual([old.isHistory, fresh.isHistory], [true, false]);
});

test("half a snapshot is forgotten with its connection", () => {
  const { events, socket } = enter();
  socket().open();
  socket().tell(welcome(), part(0, 2));
  socket().end();
  pass(50);
  socket().open();
  socket().tell(welcome(), part(0, 2, bytes(2)), part(1, 2, bytes(3)));
  const snapshot = events.at(-1)!;
  assert.ok(snapshot.type === "snapshotReceived");
  assert.deepEqual([...snapshot.payload], [0, 1, 0, 1, 2]);
});

test("what was missed while the connection was lost is no history", () => {
  const { events, socket } = enterLive();
  socket().end();
  pass(50);
  socket().open();
  socket().tell(welcome({ seq: 3, resumed: true }), deliver(4, "missed"));
  const missed = events.at(-1)!;
  assert.ok(missed.type === "message" && !missed.isHistory);
});

test("the host is asked for a snapshot, and gives it as of where it stands", async () => {
  const { room, events, socket } = enterLive();
  socket().tell(deliver(8, "hi"), { type: "SnapshotWanted", seq: 12 });
  assert.deepEqual(events.at(-1), { type: "snapshotWanted", seq: 12 });
  assert.equal(room.seq, 8);
  assert.equal(await room.giveSnapshot({ map: 1 }), 1);
  const given = only(socket().heardOfGame());
  assert.deepEqual(given, part(0, 1, pack({ map: 1 }), 8));
  assert.equal(await room.giveSnapshotBytes(bytes(40 * KIB), { seq: 7 }), 4);
  const sent = socket().heardOfGame() as Part[];
  assert.deepEqual(
    sent.map(({ seq, part, parts }) => [seq, part, parts]),
    [0, 1, 2].map((number) => [7, number, 3]),
  );
});

test("a snapshot is counted: what the relay has not taken is given again", () => {
  const { room, socket } = enterLive();
  void room.giveSnapshotBytes(bytes(20 * KIB));
  socket().tell({ type: "Taken", taken: 1, seq: 3 });
  socket().end();
  pass(50);
  socket().open();
  socket().heard();
  socket().tell(welcome({ seq: 3, resumed: true, taken: 1 }));
  const again = only(socket().heardOfGame());
  assert.ok(again.type === "Snapshot");
  assert.deepEqual([again.part, again.parts], [1, 2]);
});

test("a snapshot that is too large throws at once", () => {
  const { room } = enterLive();
  assert.throws(() => void room.giveSnapshotBytes(new Uint8Array(2048 * KIB)), LocalProtocolError);
});

test("before LIVE, and for a loop that has not read on, the room stands further back", async () => {
  const { room, socket } = enterUnread();
  socket().open();
  socket().tell(welcome(), joined(1, "Ada", 9));
  assert.equal(room.seq, 0);
  socket().tell({ type: "Live", seq: 9 }, deliver(10, 1), deliver(11, 2));
  assert.equal(room.seq, 0);
  const seqs: number[] = [];
  for await (const event of room) {
    seqs.push(room.seq);
    if (event.type === "message" && event.seq === 11) break;
  }
  assert.deepEqual(seqs, [0, 9, 10, 11]);
  assert.equal(room.seq, 11);
});

test("a snapshot that begins in the middle ends the connection", () => {
  const { events, socket } = enter();
  socket().open();
  socket().tell(welcome(), part(1, 2));
  const lost = events.at(-1)!;
  assert.ok(lost.type === "reconnecting");
  assert.match(lost.reason, /snapshot/);
});

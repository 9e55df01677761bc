import assert from "node:assert/strict";
import { test } from "node:test";
import type { FrameOf, Session } from "../../../clients/browser/src/protocol/frames.js";
import { ResumeState } from "../../../clients/browser/src/protocol/resume.js";
import { welcome } from "./frames.js";

const secret = new Uint8Array(16).fill(7);
const one = Uint8Array.of(1);
const two = Uint8Array.of(2);

function liveSeat(options: Partial<Session> = {}): ResumeState {
  const seat = new ResumeState({ seat: secret, name: "Ada" });
  seat.welcomed(welcome({ seq: 0, ...options }));
  seat.received({ type: "Live", seq: 5 });
  return seat;
}

const position = (seat: ResumeState): unknown =>
  (seat.hello() as { options: { position?: unknown } }).options.position;

test("the first HELLO asks for all", () => {
  const seat = new ResumeState({ seat: secret, name: "Ada" });
  assert.deepEqual(seat.hello(), {
    type: "Hello",
    version: 1,
    options: { seat: secret, name: "Ada", position: undefined, min: undefined },
  });
});

test("after LIVE, HELLO says from where to go on", () => {
  const seat = liveSeat();
  seat.received({ type: "Deliver", seq: 9, sender: 2, payload: one });
  assert.deepEqual(position(seat), [seat.epoch, 9]);
});

test("before LIVE, a position would skip what was not yet told", () => {
  const seat = new ResumeState({ seat: secret });
  seat.welcomed(welcome());
  seat.received({ type: "Joined", seq: 3, player: 1, info: { name: "", role: "player", canHost: true } });
  assert.equal(position(seat), undefined);
});

test("without a secret there is nothing to resume", () => {
  const seat = new ResumeState({});
  seat.welcomed(welcome());
  seat.received({ type: "Live", seq: 5 });
  assert.equal(position(seat), undefined);
});

test("a refused position is not offered again", () => {
  const seat = liveSeat();
  seat.forget();
  assert.equal(position(seat), undefined);
});

test("a resume sends again what the relay has not taken", () => {
  const seat = liveSeat();
  seat.window.add(one);
  seat.window.add(two);
  const continued = seat.welcomed(welcome({ resumed: true, taken: 1 }));
  assert.deepEqual(continued, { continues: true, resumed: true, resend: [two], lost: [] });
});

test("the same seat with a fresh stream sends again too", () => {
  const seat = liveSeat();
  seat.window.add(one);
  const continued = seat.welcomed(welcome({ resumed: false }));
  assert.deepEqual(continued, { continues: true, resumed: false, resend: [one], lost: [] });
});

for (const [what, frame] of [
  ["another epoch", welcome({ epoch: new Uint8Array(8).fill(9) })],
  ["another player number", { ...welcome(), player: 2 }],
  ["a count that cannot be ours", welcome({ taken: 30 })],
] as [string, FrameOf<"Welcome">][]) {
  test(`${what} means that unacknowledged frames are lost`, () => {
    const seat = liveSeat();
    seat.window.add(one);
    const continued = seat.welcomed(frame);
    assert.deepEqual(continued, { continues: false, resumed: false, resend: [], lost: [one] });
    assert.equal(seat.window.sent, frame.session.taken);
  });
}

test("acknowledgements free the window and carry the position on", () => {
  const seat = liveSeat();
  seat.window.add(one);
  seat.received({ type: "Taken", taken: 1, seq: 12 });
  assert.deepEqual([seat.window.pending.length, seat.seq], [0, 12]);
});

test("a snapshot's seq is the game's and no position", () => {
  const seat = liveSeat();
  seat.received({ type: "Snapshot", seq: 99, part: 0, parts: 1, payload: one });
  assert.equal(seat.seq, 5);
});

test("the window has the size that the relay announces", () => {
  const { limits: usual } = welcome().session;
  const limits = { ...usual, window: 3 };
  assert.equal(liveSeat({ limits }).window.size, 3);
});

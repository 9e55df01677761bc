import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { CloseCode } from "../../../clients/browser/src/index.js";
import { Link } from "../../../clients/browser/src/page/link.js";
import { Doubt, type Suspect, UPGRADE } from "../../../clients/browser/src/page/game/suspect.js";
import { type Entered, clock, enter, enterLive, pass, stopClock } from "./entered.js";
import { welcome } from "./frames.js";

beforeEach(stopClock);

/** Lets what was asked be answered. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
};

/** Fails an attempt, as a browser tells it, and begins the next one. */
async function fail({ socket }: Entered): Promise<void> {
  socket().end();
  await settle();
  pass(5000);
}

function doubtOf({ room }: Entered, ...answers: (Suspect | null)[]): Doubt {
  return new Doubt(room, async () => (answers.length > 1 ? answers.shift()! : answers[0]!));
}

test("a proxy is the suspect when two attempts fail between answers", async () => {
  const entered = enter();
  const doubt = doubtOf(entered, UPGRADE);
  await fail(entered);
  assert.equal(doubt.suspect, null);
  await fail(entered);
  assert.equal(doubt.suspect, UPGRADE);
});

test("the status says so", async () => {
  const entered = enter();
  const doubt = doubtOf(entered, UPGRADE);
  const link = new Link(entered.room, clock, () => doubt.suspect !== null);
  for (let attempt = 0; attempt < 2; attempt++) await fail(entered);
  entered.socket().end();
  assert.equal(link.words.text, "No WebSocket opens");
});

test("a relay that does not answer either has no proxy to suspect", async () => {
  const entered = enter();
  const doubt = doubtOf(entered, null);
  for (let attempt = 0; attempt < 5; attempt++) await fail(entered);
  assert.equal(doubt.suspect, null);
});

test("nor has one that had just begun when it was asked", async () => {
  const entered = enter();
  const doubt = doubtOf(entered, null, null, UPGRADE);
  for (let attempt = 0; attempt < 3; attempt++) await fail(entered);
  assert.equal(doubt.suspect, null);
});

test("nor has one that says itself why it does not let in", async () => {
  const entered = enter();
  const doubt = doubtOf(entered, UPGRADE);
  for (let attempt = 0; attempt < 4; attempt++) {
    entered.socket().end(CloseCode.RELAY_FULL);
    await settle();
    pass(5000);
  }
  assert.equal(doubt.suspect, null);
});

test("the end of a live connection is no attempt that failed", async () => {
  const entered = enterLive();
  const doubt = doubtOf(entered, UPGRADE);
  await fail(entered); // the connection
  await fail(entered); // the first attempt
  assert.equal(doubt.suspect, null);
  await fail(entered);
  assert.equal(doubt.suspect, UPGRADE);
});

test("nobody is suspected any longer once the room is live", async () => {
  const entered = enter();
  const doubt = doubtOf(entered, UPGRADE);
  for (let attempt = 0; attempt < 2; attempt++) await fail(entered);
  entered.socket().open();
  entered.socket().tell(welcome({ seq: 3 }), { type: "Live", seq: 3 });
  assert.equal(doubt.suspect, null);
});

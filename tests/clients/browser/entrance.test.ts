// `connect`: what it takes, what it throws, and what it leaves behind.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import {
  CloseCode,
  type ConnectOptions,
  ErrorCode,
  JoinError,
  LocalProtocolError,
  NoSuchRoom,
  OriginRefused,
  RoomClosed,
  Unreachable,
  connect,
  openRoom,
} from "../../../clients/browser/src/index.js";
import { SEAT, pass, stopClock, types } from "./entered.js";
import { type FakeSocket, fakeSockets } from "./fake-socket.js";
import { error, joined, welcome } from "./frames.js";

const RELAY = "ws://relay:8000";
/** What REST answers, by method: a status and a body; nothing where it cannot be heard. */
type Answers = Record<string, readonly [status: number, body?: unknown]>;

const A_RELAY: Answers = { GET: [200, { wire: [1, 1] }], POST: [405] };

beforeEach(stopClock);
afterEach(() => mock.restoreAll());

/** Lets promises settle that follow each other; none of them waits for a timer. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

/** Lets REST answer; returns what was asked. */
function answering(answers: Answers): string[] {
  const asked: string[] = [];
  mock.method(globalThis, "fetch", (url: string, { method = "GET", mode }: RequestInit) => {
    asked.push(`${mode ?? method} ${url}`);
    const answer = answers[mode ?? method];
    if (!answer) return Promise.reject(new TypeError("Failed to fetch"));
    return Promise.resolve(new Response(JSON.stringify(answer[1] ?? null), { status: answer[0] }));
  });
  return asked;
}

interface Entering {
  readonly made: FakeSocket[];
  readonly entered: Promise<unknown>;
  /** What `connect` threw, or null. */
  thrown(): unknown;
}

function entering(options: ConnectOptions = {}): Entering {
  const { made, WebSocket } = fakeSockets();
  let thrown: unknown = null;
  const entered = connect(RELAY, { room: "R", seat: null, WebSocket, ...options });
  entered.catch((error: unknown) => (thrown = error));
  return { made, entered, thrown: () => thrown };
}

/** Passes much time; fails if anything of a connect does something in it. */
function assertOver({ made }: Entering): void {
  const attempts = made.length;
  made.at(-1)!.heard();
  pass(60_000);
  assert.equal(made.length, attempts, "it tries on");
  assert.ok(made.at(-1)!.readyState === 3, "its socket is open");
  assert.deepEqual(made.at(-1)!.heard(), []);
}

const wrong: readonly (readonly [what: string, options: object, said: RegExp])[] = [
  ["a name that there is not", { pasword: "x" }, /no option "pasword": there are room, .*password/],
  ["one of create that there is not", { create: { seats: 4 } }, /no create option "seats"/],
  ["a room that is none", { room: "no room" }, /"no room" cannot be a room/],
  ["a room of another type", { room: 7 }, /"room": a string was expected, not 7/],
  ["milliseconds", { timeout: 10_000 }, /"timeout": seconds, .* at most 600 was expected, not 10000/],
  ["no time at all", { timeout: 0 }, /"timeout": seconds/],
  ["no number", { timeout: "5" }, /"timeout": .* not str of 1 bytes/],
  ["a signal that is none", { signal: {} }, /"signal": an AbortSignal was expected, not map/],
  ["a storage that is none", { storage: "x" }, /"storage": a Storage or null was expected/],
  ["a class that is none", { WebSocket: {} }, /"WebSocket": a class was expected/],
  ["a flag that is none", { followPage: 1 }, /"followPage": true or false was expected, not 1/],
];

for (const [what, options, said] of wrong) {
  test(`${what} is a TypeError at the call`, async () => {
    const { made, entered } = entering(options);
    await assert.rejects(entered, (error: Error) => error instanceof TypeError && said.test(error.message));
    assert.throws(() => openRoom(RELAY, { room: "R", ...options }), TypeError);
    assert.equal(made.length, 0);
  });
}

for (const options of [
  { name: "x".repeat(65) },
  { name: 7 as never },
  { role: "king" as never },
  { create: { capacity: 0 } },
  { seat: new Uint8Array(3) },
]) {
  test(`what the wire cannot carry is an error at the call: ${Object.keys(options)}`, async () => {
    const { made, entered } = entering(options);
    await assert.rejects(entered, (error: Error) => {
      assert.ok(error instanceof LocalProtocolError);
      assert.ok(error.expected && error.got, "what was expected, and what it got");
      return true;
    });
    assert.equal(made.length, 0);
  });
}

test("an option that is undefined is left out", async () => {
  const { made, entered } = entering({ name: undefined, timeout: undefined } as never);
  made[0]!.open();
  made[0]!.tell(welcome(), joined(1), { type: "Live", seq: 1 });
  await entered;
});

test("where nothing answers it says so at once", async () => {
  const asked = answering({});
  const trying = entering();
  trying.made[0]!.end();
  await settle();
  const thrown = trying.thrown();
  assert.ok(thrown instanceof Unreachable && !(thrown instanceof OriginRefused));
  assert.match(thrown.message, /^nothing answers at http:\/\/relay:8000\/: is the relay running\?/);
  const api = "http://relay:8000/api/relay";
  assert.deepEqual(asked, [`GET ${api}`, `no-cors ${api}`]);
  assertOver(trying);
});

test("an answer that this page may not hear is of a relay that refuses its origin", async () => {
  answering({ "no-cors": [200] });
  const trying = entering();
  trying.made[0]!.end();
  await settle();
  const thrown = trying.thrown();
  assert.ok(thrown instanceof OriginRefused);
  assert.match(thrown.message, /takes no pages of this origin, null: .* --origin null$/);
  assertOver(trying);
});

test("a relay that refuses its own page's origin says why", async () => {
  answering({ ...A_RELAY, POST: [403, { detail: "--origin https://a.example allows it" }] });
  const trying = entering();
  trying.made[0]!.end();
  await settle();
  const thrown = trying.thrown();
  assert.ok(thrown instanceof OriginRefused);
  assert.match(thrown.message, /--origin https:\/\/a\.example allows it$/);
});

test("another server is no relay", async () => {
  answering({ GET: [404] });
  const trying = entering();
  trying.made[0]!.end();
  await settle();
  assert.match(String(trying.thrown()), /^Unreachable: .* answers HTTP 404, and is no Roomwire relay: .* mounted at/);
});

for (const [what, answers, said] of [
  ["a proxy without its relay", { GET: [502] }, /answers HTTP 502: is the relay running\?/],
  ["a relay that is one of two", { GET: [503, { detail: "start one" }] }, /HTTP 503: start one/],
  ["a proxy that spoils the upgrade", A_RELAY, /pass on the headers Upgrade and Connection/],
] as const) {
  test(`${what} is tried again until the time is up`, async () => {
    answering(answers);
    const trying = entering();
    for (let second = 0; second < 10; second++) {
      assert.equal(trying.thrown(), null);
      const newest = trying.made.at(-1)!;
      if (newest.readyState !== 3) newest.end();
      await settle();
      pass(1000);
    }
    await settle();
    const thrown = trying.thrown();
    assert.ok(thrown instanceof Unreachable && !(thrown instanceof OriginRefused));
    assert.match(thrown.message, said);
    assert.ok(trying.made.length > 2);
    assertOver(trying);
  });
}

test("no answer within the time is unreachable", async () => {
  const trying = entering({ timeout: 2.5 });
  pass(2000);
  await settle();
  assert.equal(trying.thrown(), null);
  pass(1000);
  await settle();
  assert.match(String(trying.thrown()), /^Unreachable: no answer from ws:.* within 2.5 s$/);
  assertOver(trying);
});

test("a relay that is full until the time is up did not let us in", async () => {
  const trying = entering({ timeout: 1 });
  trying.made[0]!.open();
  trying.made[0]!.tell(error(ErrorCode.RELAY_FULL, "the relay is full"));
  trying.made[0]!.end(CloseCode.RELAY_FULL, "relay_full");
  pass(1000);
  await settle();
  const thrown = trying.thrown();
  assert.ok(thrown instanceof JoinError && thrown.closed.mayReturn);
  assert.match(thrown.message, /^The room did not become live within 1 s: the relay is full/);
  assertOver(trying);
});

test("a room that refuses is named, with its code and what to do", async () => {
  const trying = entering({ create: false });
  trying.made[0]!.open();
  trying.made[0]!.tell(error(ErrorCode.NO_SUCH_ROOM, "there is no such room"));
  trying.made[0]!.end(CloseCode.NO_SUCH_ROOM, "no_such_room");
  await settle();
  const thrown = trying.thrown();
  assert.ok(thrown instanceof NoSuchRoom);
  assert.deepEqual([thrown.name, thrown.code, thrown.reason], ["NoSuchRoom", 4507, "no_such_room"]);
  assert.match(thrown.message, /There is no such room.*{ create: true }.*\(no_such_room, 4507\)$/);
  assertOver(trying);
});

test("a signal that is aborted already lets nothing begin", async () => {
  const why = new Error("unmounted");
  const trying = entering({ signal: AbortSignal.abort(why) });
  await assert.rejects(trying.entered, why);
  assert.equal(trying.made.length, 0);
});

test("an abort throws the signal's own reason, and leaves nothing behind", async () => {
  const abort = new AbortController();
  const trying = entering({ signal: abort.signal });
  const why = { any: "thing" };
  abort.abort(why);
  await settle();
  assert.equal(trying.thrown(), why);
  assertOver(trying);
});

test("a signal gives the seat up later, too", async () => {
  const abort = new AbortController();
  const { made, entered } = entering({ signal: abort.signal });
  made[0]!.open();
  made[0]!.tell(welcome(), joined(1), { type: "Live", seq: 1 });
  await entered;
  made[0]!.heard();
  abort.abort();
  assert.deepEqual(types(made[0]!.heardOfGame()), ["Leave"]);
});

test("leaving before HELLO was said ends at once", async () => {
  const { made, WebSocket } = fakeSockets();
  const room = openRoom(RELAY, { room: "R", WebSocket });
  room.leave();
  assert.equal(room.state, "closed");
  assert.equal(made[0]!.readyState, 3);
  await assert.rejects(room.ready, RoomClosed);
});

test("leaving between HELLO and WELCOME gives up the seat that comes", () => {
  const { made, WebSocket } = fakeSockets();
  const room = openRoom(RELAY, { room: "R", WebSocket });
  made[0]!.open();
  room.leave();
  assert.equal(room.state, "connecting");
  made[0]!.tell(welcome());
  assert.deepEqual(types(made[0]!.heard()), ["Hello", "Leave"]);
  made[0]!.end(CloseCode.NORMAL, "left");
  assert.equal(room.state, "closed");
});

test("leaving with a seat that the relay may hold gives that up", () => {
  const { made, WebSocket } = fakeSockets();
  const room = openRoom(RELAY, { room: "R", WebSocket, seat: SEAT });
  room.leave();
  made[0]!.open();
  made[0]!.tell(welcome());
  assert.deepEqual(types(made[0]!.heard()), ["Hello", "Leave"]);
});

test("leaving with a seat that cannot be given up ends all the same", () => {
  const { made, WebSocket } = fakeSockets();
  const room = openRoom(RELAY, { room: "R", WebSocket, seat: SEAT });
  room.leave();
  pass(3000);
  assert.deepEqual([room.state, made.length], ["closed", 1]);
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Lobby, LobbyRefused, Unreachable } from "../../../clients/browser/src/index.js";
import { parseRelay } from "../../../clients/browser/src/core/address.js";

const ROOM = {
  room: "K7QF",
  url: "/elsewhere/r/K7QF",
  title: "",
  players: 1,
  capacity: 8,
  spectators: 0,
  locked: false,
  password: false,
  public: true,
  app: "",
  build: "",
  tags: {},
  host: null,
};

interface Asked {
  readonly url: string;
  readonly body: unknown;
}

/** Lets REST give these answers, one after the other, the last one again and again. */
function answering(...answers: readonly (readonly [status: number, body: unknown, after?: string])[]): Asked[] {
  const asked: Asked[] = [];
  mock.method(globalThis, "fetch", (url: string, { body }: RequestInit) => {
    const [status, said, after] = answers[Math.min(asked.length, answers.length - 1)]!;
    asked.push({ url, body: body === undefined ? undefined : JSON.parse(String(body)) });
    const headers = after === undefined ? {} : { "retry-after": after };
    return Promise.resolve(new Response(JSON.stringify(said), { status, headers }));
  });
  return asked;
}

const list = (...rooms: object[]) => [200, { rooms, next: null }] as const;
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
};

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

for (const [url, home] of [
  ["localhost:8000", "http://localhost:8000"],
  ["wss://play.example.com/rt/", "https://play.example.com/rt"],
  ["http://host/rt/r/K7QF", "http://host/rt"],
] as const) {
  test(`the relay of ${url} is at ${home}`, () => assert.equal(parseRelay(url), home));
}

test("an address that is none is a TypeError at the call", () => {
  assert.throws(() => new Lobby("ftp://relay"), TypeError);
});

test("a room is told with the address at which the relay was asked", async () => {
  answering([200, ROOM]);
  const room = await new Lobby("relay:8000").describe("k7qf");
  assert.deepEqual(
    [room.url, room.code, room.created, "room" in room],
    ["http://relay:8000/r/K7QF", "K7QF", false, false],
  );
});

test("a list is asked for page by page, and with what was wanted", async () => {
  const asked = answering([200, { rooms: [ROOM], next: "K7QF" }], list({ ...ROOM, room: "M" }));
  const which = { app: "chess", tags: { mode: "blitz" }, onlyOpen: true, limit: 300 };
  const rooms = await new Lobby("relay").rooms(which);
  assert.deepEqual(rooms.map(({ code }) => code), ["K7QF", "M"]);
  const query = "app=chess&tag=mode%3Ablitz&open=true";
  assert.deepEqual(asked.map(({ url }) => url), [
    `http://relay/api/rooms?limit=200&after=&${query}`,
    `http://relay/api/rooms?limit=200&after=K7QF&${query}`,
  ]);
});

test("what is wanted goes by the names of REST", async () => {
  const asked = answering([201, { ...ROOM, created: true }]);
  const lobby = new Lobby("relay");
  assert.equal((await lobby.match({ app: "chess", hostAway: 5, hostKeys: ["score"] })).created, true);
  await lobby.make({ name: "MINE", password: "x", tags: { hostAway: "as it is" } });
  assert.deepEqual(asked, [
    { url: "http://relay/api/match", body: { app: "chess", host_away: 5, host_keys: ["score"] } },
    {
      url: "http://relay/api/rooms",
      body: { name: "MINE", password: "x", tags: { hostAway: "as it is" } },
    },
  ]);
});

test("a refusal says why, and when to come back", async () => {
  answering([429, { detail: "too many matches from your address" }, "7"]);
  await assert.rejects(new Lobby("relay").match(), (error: Error) => {
    assert.ok(error instanceof LobbyRefused);
    assert.deepEqual([error.status, error.after], [429, 7]);
    assert.match(error.message, /too many matches from your address; come back in 7 s$/);
    return true;
  });
});

for (const [what, answer] of [
  ["another server's page", [404, "<html>"]],
  ["another server's JSON", [200, { rooms: "none" }]],
  ["a list that does not end", [200, { rooms: [], next: "" }]],
  ["rooms that are none", [200, { rooms: [{}], next: null }]],
] as const) {
  test(`${what} is no relay`, async () => {
    answering(answer);
    await assert.rejects(new Lobby("relay").rooms(), Unreachable);
  });
}

test("a list that is watched is told when it changes", async () => {
  const fuller = { ...ROOM, players: 2 };
  const busy = [429, { detail: "too many lists" }, "20"] as const;
  answering(list(ROOM), list(ROOM), busy, list(fuller, { ...ROOM, room: "M" }), list());
  const changes: string[][][] = [];
  const abort = new AbortController();
  const ended = (async () => {
    const watch = new Lobby("relay").watch({ every: 5, signal: abort.signal });
    for await (const { added, changed, removed } of watch)
      changes.push([added, changed, removed].map((rooms) => rooms.map(({ code }) => code)));
  })();
  const after = async (seconds: number): Promise<void> => {
    mock.timers.tick(seconds * 1000);
    await settle();
  };
  await after(0);
  assert.deepEqual(changes, [[["K7QF"], [], []]]);
  await after(5); // nothing new
  await after(5); // too many
  await after(19);
  assert.equal(changes.length, 1);
  await after(1);
  assert.deepEqual(changes.slice(1), [[["M"], ["K7QF"], []]]);
  await after(5);
  assert.deepEqual(changes.slice(2), [[[], [], ["K7QF", "M"]]]);
  const why = new Error("unmounted");
  abort.abort(why);
  await assert.rejects(ended, why);
});

test("an empty list is told once", async () => {
  answering(list());
  const watch = new Lobby("relay").watch();
  assert.deepEqual((await watch.next()).value, { rooms: [], added: [], changed: [], removed: [] });
});

test("whoever looks too often is told so", async () => {
  await assert.rejects(new Lobby("relay").watch({ every: 0.1 }).next(), TypeError);
});

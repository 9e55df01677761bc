import assert from "node:assert/strict";
import { test } from "node:test";
import { CloseCode, openRoom } from "../../../clients/browser/src/index.js";
import { fakeSockets } from "./fake-socket.js";
import { SeatSecret } from "../../../clients/browser/src/io/secret.js";

function tab(copied: Iterable<[string, string]> = []) {
  const held = new Map(copied);
  return {
    held,
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
    removeItem: (key: string) => void held.delete(key),
  };
}

test("a secret is 16 random bytes", () => {
  const one = new SeatSecret("K7QF", null).bytes;
  assert.equal(one.length, 16);
  assert.notDeepEqual(one, new SeatSecret("K7QF", null).bytes);
});

test("a reloaded page has the same secret, however the code was written", () => {
  const storage = tab();
  const before = new SeatSecret("ws://relay/r/K7QF", storage);
  before.putAway();
  assert.deepEqual([...storage.held.keys()], ["roomwire:ws://relay/r/K7QF"]);
  assert.deepEqual(new SeatSecret("ws://relay/r/k7qf", storage).bytes, before.bytes);
});

test("another room has another secret", () => {
  const storage = tab();
  const before = new SeatSecret("K7QF", storage);
  before.putAway();
  assert.notDeepEqual(new SeatSecret("ABCD", storage).bytes, before.bytes);
});

test("a relay is not told the secret of a seat at another one", async () => {
  const storage = tab();
  const { made, WebSocket } = fakeSockets();
  const seatAt = async (relay: string): Promise<string> => {
    openRoom(relay, { room: "K7QF", storage, WebSocket });
    await new Promise(setImmediate);
    const socket = made.at(-1)!;
    socket.open();
    const [hello] = socket.heard();
    assert.ok(hello?.type === "Hello");
    socket.end(CloseCode.KICKED); // the secret is kept for a reload
    return String(hello.options.seat);
  };
  const one = await seatAt("ws://relay:8000");
  assert.notEqual(await seatAt("ws://relay:8001"), one);
  assert.notEqual(await seatAt("ws://relay:8000/other"), one);
  assert.equal(await seatAt("ws://relay:8000"), one);
});

test("a tab that is duplicated while it is shown takes no secret along", () => {
  const storage = tab();
  const original = new SeatSecret("K7QF", storage);
  original.putAway();
  original.takeOut();
  const duplicate = tab(storage.held);
  assert.notDeepEqual(new SeatSecret("K7QF", duplicate).bytes, original.bytes);
});

test("two seats of one page are two", () => {
  const storage = tab();
  const one = new SeatSecret("K7QF", storage);
  assert.notDeepEqual(new SeatSecret("K7QF", storage).bytes, one.bytes);
});

test("a seat that was given up is not found again", () => {
  const storage = tab();
  const secret = new SeatSecret("K7QF", storage);
  secret.putAway();
  secret.forget();
  secret.putAway();
  assert.equal(storage.held.size, 0);
});

test("what is no secret in the storage is not taken for one", () => {
  const storage = tab([["roomwire:K7QF", "abc"]]);
  assert.equal(new SeatSecret("K7QF", storage).bytes.length, 16);
});

/** Each thing that a storage does throws. */
function broken() {
  const fail = () => {
    throw new Error("quota");
  };
  return { getItem: fail, setItem: fail, removeItem: fail };
}

test("a storage that throws at everything harms nothing", () => {
  const secret = new SeatSecret("K7QF", broken());
  assert.equal(secret.bytes.length, 16);
  secret.putAway();
  secret.takeOut();
  secret.keepForReload();
  secret.forget();
});

test("each seat of a page has its own, and a reload finds them in their order", () => {
  const storage = tab();
  const page = new Set<string>();
  const before = [1, 2, 3].map(() => new SeatSecret("K7QF", storage, page));
  for (const times of [1, 2]) for (const secret of before) void (times && secret.putAway());
  const reloaded = new Set<string>();
  const after = [1, 2, 3].map(() => new SeatSecret("K7QF", storage, reloaded));
  assert.deepEqual(
    after.map(({ bytes }) => bytes),
    before.map(({ bytes }) => bytes),
  );
  assert.equal(storage.held.size, 0);
});

test("a page that opens fewer rooms after a reload finds the same ones ever after", () => {
  const storage = tab();
  const page = new Set<string>();
  const [one, two] = [1, 2].map(() => new SeatSecret("K7QF", storage, page));
  one!.putAway();
  two!.putAway();
  for (let reload = 0; reload < 3; reload++) {
    const only = new SeatSecret("K7QF", storage, new Set());
    assert.deepEqual(only.bytes, one!.bytes);
    only.putAway();
  }
});

test("a seat that a hidden page opens is not the one that it has", () => {
  const storage = tab();
  const page = new Set<string>();
  const one = new SeatSecret("K7QF", storage, page);
  one.putAway();
  assert.notDeepEqual(new SeatSecret("K7QF", storage, page).bytes, one.bytes);
});

test("who was sent away is found again by the same page", () => {
  const storage = tab();
  const page = new Set<string>();
  const one = new SeatSecret("K7QF", storage, page);
  one.keepForReload();
  assert.deepEqual(new SeatSecret("K7QF", storage, page).bytes, one.bytes);
});

test("a secret that was found is used once it is known whose it is", async () => {
  const storage = tab();
  const before = new SeatSecret("K7QF", storage);
  assert.equal(before.confirmed(), null);
  before.putAway();
  const after = new SeatSecret("K7QF", storage);
  assert.deepEqual(await after.confirmed(), before.bytes);
});

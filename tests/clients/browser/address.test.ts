import assert from "node:assert/strict";
import { test } from "node:test";
import { homeRelay, parseAddress } from "../../../clients/browser/src/core/address.js";

for (const [url, room, expected] of [
  ["ws://host:8000", "K7QF", "ws://host:8000/r/K7QF"],
  ["host:8000", "K7QF", "ws://host:8000/r/K7QF"],
  ["localhost", "K7QF", "ws://localhost/r/K7QF"],
  ["http://host:8000/", "K7QF", "ws://host:8000/r/K7QF"],
  ["https://host", "K7QF", "wss://host/r/K7QF"],
  ["https://host/r/K7QF", undefined, "wss://host/r/K7QF"],
  ["https://host/r/k7qf/", "K7QF", "wss://host/r/K7QF"],
  ["https://host/games/relay/", "K7QF", "wss://host/games/relay/r/K7QF"],
  ["https://host/r/K7QF?join&seed=4&chaos=lan", undefined, "wss://host/r/K7QF?seed=4&chaos=lan"],
  ["https://host/?seed=4&chaos=a/b", "K7QF", "wss://host/r/K7QF?seed=4&chaos=a%2Fb"],
  ["https://host/r/K7QF?seed=4", undefined, "wss://host/r/K7QF"],
  ["http://[::1]:8000", "my_room-1", "ws://[::1]:8000/r/my_room-1"],
] as const) {
  test(`${url} and ${room} lead to ${expected}`, () => {
    assert.equal(parseAddress(url, room).url, expected);
  });
}

for (const [url, room, why] of [
  ["ws://host", undefined, /names no room/],
  ["https://host/r/ABCD", "EFGH", /leads to room ABCD/],
  ["ftp://host", "K7QF", /not a relay's address/],
  ["ws://", "K7QF", /not a relay's address/],
  ["ws://host", "a room", /cannot be a room/],
  ["ws://host", "x".repeat(33), /cannot be a room/],
] as const) {
  test(`${url} and ${room} lead nowhere`, () => {
    assert.throws(() => parseAddress(url, room), why);
  });
}

test("the module knows the relay that served it", () => {
  const relay = homeRelay("http://localhost:8000/client/roomwire.js", "https://game.example/");
  assert.equal(relay, "http://localhost:8000");
});

test("a module from elsewhere belongs to the page's relay", () => {
  const relay = homeRelay("https://cdn.example/x/roomwire.js", "https://host/r/K7QF");
  assert.equal(relay, "https://host/");
});

for (const [page, expected] of [
  ["https://host/rt/r/K7QF", "https://host/rt/"],
  ["https://host/a/b/r/K7QF/?join#now", "https://host/a/b/"],
  ["https://host/games/chess/index.html?from=/r/K7QF", "https://host/"],
] as const) {
  test(`a page at ${page} is served by the relay at ${expected}`, () => {
    assert.equal(homeRelay("https://cdn.example/x/roomwire.js", page), expected);
  });
}

test("outside of a page there is no relay to guess", () => {
  assert.equal(
    homeRelay("file:///game/node_modules/roomwire/dist/roomwire.js", undefined),
    undefined,
  );
});

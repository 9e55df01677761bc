// What the inspector makes of what it is told, without a page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { COPIES } from "../../../clients/browser/src/page/decode/copies.js";
import type { Hearers } from "../../../clients/browser/src/page/decode/named-arguments.js";
import { decode } from "../../../clients/browser/src/page/decode/decoded.js";
import type { Told } from "../../../clients/browser/src/page/inspect/answers.js";
import { MOST, SeenFrames, summary } from "../../../clients/browser/src/page/inspect/seen.js";
import { Series } from "../../../clients/browser/src/page/inspect/series.js";
import { Sizes, advice } from "../../../clients/browser/src/page/inspect/sizes.js";
import { encode } from "../../../clients/browser/src/protocol/codec.js";
import { pack } from "../../../clients/browser/src/protocol/msgpack/payload.js";

const deliver = (value: unknown, seq = 1, sender = 3): Uint8Array<ArrayBuffer> =>
  encode({ type: "Deliver", seq, sender, payload: pack(value) });

function told(value: unknown, seq: number, from = 3): Told {
  const data = deliver(value, seq, from);
  const base64 = Buffer.from(data).toString("base64");
  return { at: 1, seq, op: "DELIVER", from, to: "all", size: data.length, data: base64 };
}

test("all bytes of a frame are counted, each once", () => {
  const sizes = new Sizes();
  const frames = [
    deliver({ x: 1, position: [1.5, -2, "text", null, true, Uint8Array.of(1)] }),
    encode({ type: "Update", key: 1, sender: 2, payload: Uint8Array.of(0xc1, 0xff) }),
    encode({ type: "Left", seq: 1, player: 2, reason: 1 }),
    encode({ type: "Tick", seq: 1, tick: 2, inputs: [[1, pack({ key: "w" })]] }),
  ];
  frames.forEach((frame) => sizes.add(frame));
  const all = frames.reduce((sum, { length }) => sum + length, 0);
  assert.equal(sizes.total, all);
  assert.equal(
    Object.values(sizes.parts).reduce((sum, each) => sum + each),
    all,
  );
  assert.equal(sizes.parts.keys, 2 + 9 + 4); // "x", "position", "key", each with its head
  assert.equal(sizes.parts.floats, 9);
  assert.equal(sizes.parts.bytes, 3 + 2);
});

test("what keys cost is what arrays save", () => {
  const sizes = new Sizes();
  const withKeys = deliver({ position_x: 1, position_y: 2 });
  sizes.add(withKeys);
  const saved = withKeys.length - deliver([1, 2]).length;
  assert.equal(sizes.parts.keys, saved);
  const oneLetter = withKeys.length - deliver({ x: 1, y: 2 }).length;
  assert.equal(sizes.shortKeysSave, oneLetter);
  const share = Math.round((100 * saved) / withKeys.length);
  assert.match(advice(sizes)[0]!, new RegExp(`Map keys are ${share}\u00a0%.*save ${share}\u00a0%`));
  assert.deepEqual(
    sizes.keys.map(({ key, bytes }) => [key, bytes]),
    [
      ["position_x", 11],
      ["position_y", 11],
    ],
  );
});

test("what rounding saves is told", () => {
  const sizes = new Sizes();
  sizes.add(deliver([1.5, 1000.25]));
  assert.equal(sizes.roundingSaves, deliver([1.5, 1000.25]).length - deliver([2, 1000]).length);
});

test("frames are filtered by opcode, sender and what they say", () => {
  const seen = new SeenFrames();
  seen.add([told({ shot: 1 }, 1, 2), told({ shot: 2 }, 2, 3)], 5);
  assert.equal(seen.skipped, 5);
  seen.ask({ op: "", from: 3, text: "" });
  assert.deepEqual(
    seen.shown.map(({ seq }) => seq),
    [2],
  );
  seen.ask({ op: "DELIVER", from: null, text: '"shot":1' });
  assert.deepEqual(
    seen.shown.map(({ seq }) => seq),
    [1],
  );
  seen.add([told({ shot: 1 }, 3), told({ shot: 3 }, 4)], 0);
  assert.deepEqual(
    seen.shown.map(({ seq }) => seq),
    [1, 3],
  );
  seen.ask({ op: "LEFT", from: null, text: "" });
  assert.deepEqual(seen.shown, []);
});

test("while it is paused nothing moves, and what comes is counted", () => {
  const seen = new SeenFrames();
  seen.add([told(1, 1)], 0);
  seen.pause(true);
  seen.add([told(2, 2), told(3, 3)], 0);
  assert.deepEqual([seen.shown.length, seen.missed], [1, 2]);
  seen.ask({ op: "DELIVER", from: null, text: "" });
  assert.deepEqual([seen.shown.length, seen.missed], [1, 2]);
  seen.pause(false);
  assert.deepEqual([seen.shown.length, seen.missed], [3, 0]);
});

test("the oldest frames go", () => {
  const seen = new SeenFrames();
  const frame = told(1, 1);
  for (let line = 0; line < 40; line++) seen.add(new Array<Told>(1000).fill(frame), 0);
  assert.ok(seen.count >= MOST && seen.count <= 1.1 * MOST, String(seen.count));
  assert.equal(seen.shown.at(-1)!.id, 40_000);
  assert.ok(seen.shown.length <= 1.1 * MOST + 1000, String(seen.shown.length));
});

test("a frame is told in one line, also if it holds other bytes than msgpack", () => {
  assert.equal(summary(told({ say: "hi\n" }, 1)), '{"say":"hi\\n"}');
  const data = encode({ type: "Update", key: 7, sender: 1, payload: Uint8Array.of(0xc1, 1) });
  const update = { ...told(1, 1), op: "UPDATE", data: Buffer.from(data).toString("base64") };
  assert.equal(summary(update), "key 7, C1 01");
});

test("rates are those of the last second, and sums those of all", () => {
  const series = new Series();
  series.add(1, { DELIVER: [10, 100] }, []);
  series.add(2, { UPDATE: [10, 100] }, []);
  assert.deepEqual(series.byOpcode, [
    { op: "DELIVER", frames: 0, bytes: 0, allFrames: 10, allBytes: 100 },
    { op: "UPDATE", frames: 5, bytes: 50, allFrames: 10, allBytes: 100 },
  ]);
  assert.deepEqual(
    series.samples.map(({ frames }) => frames),
    [10, 5],
  );
});

test("who answers no ping is silent, and their way is no slower", () => {
  const series = new Series();
  const one = { name: "", role: "player", presence: "live", groups: [], taken: 0 };
  const players = [
    { ...one, player: 1, rtt_ms: 20, unanswered_ms: 4000 },
    { ...one, player: 2, rtt_ms: 30, unanswered_ms: 10 },
    { ...one, player: 3 },
  ];
  series.add(1, {}, players.slice(1));
  series.add(1, {}, players);
  assert.deepEqual(
    series.samples.map(({ rtt, silent }) => [rtt, silent]),
    [
      [30, 0],
      [30, 4],
    ],
  );
});

test("a message is copied as what a program says", () => {
  const volatile = decode(
    encode({ type: "Update", key: 2, sender: 1, payload: pack([1.5, null]) }),
  );
  assert.equal(COPIES["Python"]!(volatile), "room.volatile(2, [1.5, None])");
  assert.equal(COPIES["TypeScript"]!(volatile), "room.volatile(2, [1.5, null]);");
  const raw = decode(encode({ type: "Send", target: null, payload: Uint8Array.of(0xc1, 2) }));
  assert.equal(COPIES["Python"]!(raw), 'await room.send_bytes(bytes.fromhex("C102"))');
  assert.equal(COPIES["TypeScript"]!(raw), "await room.sendBytes(Uint8Array.of(0xC1, 0x02));");
  const set = decode(
    encode({ type: "Set", scope: 0, key: "a b", value: pack({ "c d": 1 }), expected: false }),
  );
  assert.equal(COPIES["Python"]!(set), 'await room.set_property("a b", {"c d": 1})');
  assert.equal(COPIES["TypeScript"]!(set), 'await room.setProperty("a b", { "c d": 1 });');
});

test("a copy keeps the target of a client's frame", () => {
  const targets = [
    [true, ", to=EVERYONE", ", { to: EVERYONE }"],
    [0, ", to=HOST", ", { to: HOST }"],
    [7, ", to=7", ", { to: 7 }"],
    [-3, ", to=group(3)", ", { to: group(3) }"],
    [[1, 2], ", to=[1, 2]", ", { to: [1, 2] }"],
    [null, "", ""],
    [false, "", ""],
  ] as const;
  for (const [target, python, typeScript] of targets) {
    const sent = decode(encode({ type: "Send", target, payload: pack("x") }), "client");
    assert.equal(COPIES["Python"]!(sent), `await room.send("x"${python})`);
    assert.equal(COPIES["TypeScript"]!(sent), `await room.send("x"${typeScript});`);
    const volatile = encode({ type: "Volatile", key: 2, target, payload: pack("x") });
    assert.equal(
      COPIES["Python"]!(decode(volatile, "client"), "all"),
      `room.volatile(2, "x"${python})`,
    );
  }
});

test("a copy of the relay's frame is to those whom the room told it", () => {
  const told = decode(encode({ type: "Deliver", seq: 1, sender: 1, payload: pack("x") }), "relay");
  const copied = (hearers: Hearers): string => COPIES["Python"]!(told, hearers);
  assert.equal(copied("others"), 'await room.send("x")');
  assert.equal(copied("all"), 'await room.send("x", to=EVERYONE)');
  assert.equal(copied([2]), 'await room.send("x", to=2)');
  assert.equal(copied([1, 2]), 'await room.send("x", to=[1, 2])');
  assert.equal(copied({ group: 7 }), 'await room.send("x", to=group(7))');
  const typeScript = COPIES["TypeScript"]!(told, { group: 7 });
  assert.equal(typeScript, 'await room.send("x", { to: group(7) });');
});

test("a copy of a property keeps whose it is, and the version that it must have", () => {
  const set = decode(
    encode({ type: "Set", scope: 3, key: "a", value: pack(1), expected: 0 }),
    "client",
  );
  assert.equal(COPIES["Python"]!(set), 'await room.set_property("a", 1, player=3, expected=0)');
  assert.equal(
    COPIES["TypeScript"]!(set),
    'await room.setProperty("a", 1, { player: 3, expected: 0 });',
  );
  const deleted = decode(
    encode({ type: "Set", scope: 3, key: "a", value: false, expected: false }),
    "client",
  );
  assert.equal(COPIES["Python"]!(deleted), 'await room.delete_property("a", player=3)');
});

test("a torn message is copied as a test of its fault", () => {
  const torn = decode(Uint8Array.of(0x93, 0x10, 0xc3, 0xc4, 0x08, 0x81), "client");
  assert.match(COPIES["pytest case"]!(torn), /"TRUNCATED", 6, "3\.3\.3\.7"/);
  assert.match(
    COPIES["Python"]!(torn),
    /show\(decode\(bytes.fromhex\("9310C3C40881"\), "client"\)\)/,
  );
});

// What the JavaScript codec costs, against bare @msgpack/msgpack in the same process, which checks
// nothing: see codec_node.py.
//   node codec_node.mjs ROOMWIRE_JS MSGPACK_JS MILLISECONDS

const [library, yardstick, milliseconds] = process.argv.slice(2);
const { decode, encode, pack, unpack } = await import(library);
const { Decoder, Encoder } = await import(yardstick);
// Kept, as its manual advises: both are faster than its functions of these names.
const [decoder, encoder] = [new Decoder(), new Encoder()];

const ROUNDS = 9;

const six = { x: 12.5, y: -3.25, id: 70_000, name: "Ada", alive: true, team: null };
const PAYLOADS = {
  "a map of six": six,
  "100 ints": Array.from({ length: 100 }, (_, index) => index * 7),
  "100 floats": Array.from({ length: 100 }, (_, index) => Math.sin(index) * 100),
  "8 players": Array.from({ length: 8 }, (_, id) => ({ id, pos: [id / 7, -id / 3] })),
  "300 pairs": Array.from({ length: 300 }, (_, index) => [index, (index * 37) % 1000]),
  "nested": { players: [six, six, six], room: { map: { tiles: [[1, 2], [3, 4]] }, tick: 9000 } },
  "20 short texts": Array.from({ length: 20 }, (_, index) => `player ${index}`),
  "a text of 1,000": "The fox runs. ".repeat(71).slice(0, 1000),
  "a text of 500 in Greek": "αλεπού τρέχει ".repeat(36).slice(0, 500),
};

const payload = new Uint8Array(64).fill(0x78);
const FRAMES = [
  { type: "Hello", version: 1, options: { seat: payload.slice(0, 16), name: "Ada" } },
  { type: "Send", target: null, payload },
  { type: "Subscribe", add: [1, 2, 3], remove: [4] },
  { type: "Deliver", seq: 70_000, sender: 1, payload },
  { type: "Update", key: 3, sender: 9, payload },
  { type: "Taken", taken: 70_000, seq: 70_001 },
  { type: "Error", seq: 3, code: 11, text: "the room is full", detail: { retry: true } },
  { type: "Joined", seq: 4, player: 2, info: { name: "Ada", canHost: false } },
  {
    type: "Welcome",
    version: 1,
    player: 1,
    seq: 0,
    session: { epoch: payload.slice(0, 8), room: "K7QF2M", time: 1795860084158986 },
  },
];
const CLIENTS = new Set(["Send", "Subscribe", "Hello"]);

function* cases() {
  for (const [what, value] of Object.entries(PAYLOADS)) {
    const packed = pack(value);
    yield [`unpack ${what}`, "Decoder", () => unpack(packed), () => decoder.decode(packed)];
    yield [`pack ${what}`, "Encoder", () => pack(value), () => encoder.encode(value)];
  }
  for (const frame of FRAMES) {
    const message = encode(frame);
    const elements = decoder.decode(message);
    const by = CLIENTS.has(frame.type) ? "client" : "relay";
    const { type } = frame;
    yield [`decode ${type}`, "Decoder", () => decode(message, by), () => decoder.decode(message)];
    yield [`encode ${type}`, "Encoder", () => encode(frame), () => encoder.encode(elements)];
  }
}

/** Microseconds for one call. */
function time(call, limit) {
  let calls = 0;
  const began = performance.now();
  for (;;) {
    for (let again = 0; again < 100; again++) call();
    calls += 100;
    const took = performance.now() - began;
    if (took >= limit) return (took / calls) * 1000;
  }
}

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

const all = [...cases()];
// All are warm before any is measured, so that none is compiled for itself alone.
for (const [, , ours, theirs] of all) for (const call of [ours, theirs]) time(call, milliseconds);
const rows = all.map(([what, against, ours, theirs]) => {
  const rounds = Array.from({ length: ROUNDS }, () => [
    time(ours, milliseconds),
    time(theirs, milliseconds),
  ]);
  const [our, their] = [0, 1].map((side) => median(rounds.map((round) => round[side])));
  return { what: `${what}, JavaScript`, against, ours: our, theirs: their };
});
console.log(JSON.stringify(rows));

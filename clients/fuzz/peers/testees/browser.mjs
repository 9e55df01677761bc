// The browser client under test, in Node:
//
//   node --experimental-websocket --no-warnings browser.mjs [roomwire.js] URL
//
// It takes the built client of the checkout or the wheel, unless another one is named.

import { dirname, resolve } from "node:path";
import { writeSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const url = process.argv.at(-1);
const named = process.argv.length > 3 ? process.argv[2] : undefined;
const built = resolve(named ?? `${here}/../../../../relay/web/client/roomwire.js`);
const { JoinError, Unreachable, connect } = await import(pathToFileURL(built).href);

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const say = (fields) => writeSync(1, `${JSON.stringify(fields)}\n`);

const FIELDS = {
  message: ({ seq, sender, payload, isHistory }) => ({
    seq,
    sender,
    payload: hex(payload),
    history: isHistory,
  }),
  updated: ({ key, sender, payload }) => ({ key, sender, payload: hex(payload) }),
  joined: ({ seq, player }) => ({ seq, player: player.number }),
  left: ({ seq, player, reason }) => ({ seq, player: player.number, reason }),
  presenceChanged: ({ seq, player }) => ({ seq, player: player.number, state: player.state }),
  hostChanged: ({ seq, player, term }) => ({ seq, player: player?.number ?? 0, term }),
  propertyChanged: ({ seq, scope, key, payload }) => ({
    seq,
    scope,
    key,
    value: payload ? hex(payload) : null,
  }),
  snapshotReceived: ({ seq, payload }) => ({ seq, payload: hex(payload) }),
  live: ({ seq }) => ({ seq }),
  resumed: ({ resumed }) => ({ resumed }),
  closed: ({ code }) => ({ code }),
};

/** `presenceChanged` is told as "presence". */
const kind = (type) => type.replace(/Changed$|Received$/, "");

async function visit() {
  const room = await connect(url, { name: "Testee", storage: null });
  for await (const event of room) {
    const fields = FIELDS[event.type];
    if (fields) say({ event: kind(event.type), ...fields(event) });
    if (event.type !== "message" || event.isHistory) continue;
    room.sendBytes(event.payload).catch(() => {}); // closed meanwhile, as the last event says
    if (room.state !== "closed") room.volatileBytes(1, event.payload);
  }
}

say({ testee: "browser client", reports: Object.keys(FIELDS).map(kind) });
for (;;) {
  try {
    await visit();
  } catch (error) {
    if (error instanceof Unreachable) say({ event: "unreachable", text: error.message });
    else if (error instanceof JoinError) say({ event: "closed", code: error.code });
    else throw error;
  }
}

// Our TypeScript codec as an adapter of `relay fuzz codec`, for Node 20 or newer:
//
//   node node.mjs [roomwire.js]
//
// It takes the built client that lies beside it, as in the wheel, unless another one is named.

import { readSync, writeSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const built = resolve(process.argv[2] ?? `${here}/../../../relay/web/client/roomwire.js`);
const { ErrorCode, RemoteProtocolError, decode, encode, pack, unpack } = await import(
  pathToFileURL(built).href
);

const ROLES = { c: "client", r: "relay" };
const CODES = new Map(Object.entries(ErrorCode).map(([name, code]) => [code, name]));

const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** Writes `maxFrame` as the wire does, `max_frame`. */
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Frames whose names are not their opcode's: they share it with a client's frame. */
const NAMES = { Taken: "ACK", PresenceChanged: "PRESENCE" };
const opcodeName = (type) => NAMES[type] ?? snake(type).slice(1).toUpperCase();

// What the keys of records are at when they are absent: a frame without any of them says it.
const read = (text, by) => decode(Buffer.from(text, "hex"), by);
const session = read("9502010100" + "82a565706f6368c4080000000000000000a4726f6f6da141", "relay").session;
const info = read("9420010180", "relay").info;
const DEFAULTS = {
  Hello: { options: read("93010180", "client").options },
  Welcome: { session: { ...session, epoch: undefined, room: undefined } },
  Joined: { info },
  Error: { detail: {} },
  Notice: { detail: {} },
};

function tag(value) {
  switch (typeof value) {
    case "number":
      return number(value);
    case "string":
      return { s: value };
    case "boolean":
      return value;
  }
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return { b: hex(value) };
  if (Array.isArray(value)) return value.map(tag);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return { m: entries.map(([key, element]) => [key, tag(element)]) };
}

// A whole float is an int to JavaScript: the hello says so.
function number(value) {
  if (Number.isSafeInteger(value)) return { i: String(value === 0 ? 0 : value) };
  if (Number.isNaN(value)) return { f: "7ff8000000000000" };
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return { f: hex(bytes) };
}

/** Returns a record without what is at its default. */
function record(held, defaults) {
  const told = [];
  for (const [name, value] of Object.entries(held)) {
    const tagged = key(name, value, defaults?.[name]);
    if (value !== undefined && !isAbsent(tagged, name, defaults?.[name]))
      told.push([snake(name), tagged]);
  }
  return { m: told };
}

/** Records within records. HELLO's `create` is at `true` if it is absent, WELCOME's at `{}`. */
function key(name, value, absent) {
  if (name === "create" && typeof value === "object") return record(value, session.options);
  if (name === "limits" || name === "options") return record(value, absent);
  return tag(value);
}

function isAbsent(tagged, name, absent) {
  if (absent === undefined) return false;
  return JSON.stringify(tagged) === JSON.stringify(key(name, absent, absent));
}

function tagFrame({ type, ...fields }) {
  const tagged = {};
  for (const [name, value] of Object.entries(fields)) {
    const defaults = DEFAULTS[type]?.[name];
    tagged[name] = defaults ? record(value, defaults) : tag(value);
  }
  return { frame: opcodeName(type), fields: tagged };
}

function accept(letter, data) {
  if (letter === "p") {
    const value = unpack(data);
    return { verdict: "accepted", value: tag(value), again: hex(pack(value)) };
  }
  const frame = decode(data, ROLES[letter]);
  if (frame.type === "Unknown") return { verdict: "ignored", opcode: frame.opcode };
  return { verdict: "accepted", value: tagFrame(frame), again: hex(encode(frame)) };
}

function answer(letter, data) {
  try {
    return accept(letter, data);
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) return { verdict: "failed", text: String(error) };
    return { verdict: "refused", code: CODES.get(error.code), offset: error.offset };
  }
}

function write(text) {
  let rest = Buffer.from(text);
  while (rest.length) rest = rest.subarray(retried(() => writeSync(1, rest)));
}

/** Pipes may be set not to block: then whoever is too early tries again. */
function retried(work) {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (error.code === "EOF") return 0;
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

/** Copies an input into a larger buffer, as payloads lie within their messages. */
function surrounded(data) {
  const room = new Uint8Array(data.length + 12).fill(0xff);
  room.set(data, 3);
  return room.subarray(3, 3 + data.length);
}

const HEAD = 5; // the reader's letter, and four bytes of length
write(`${JSON.stringify({ adapter: "typescript", floats: "lossy", maps: "unordered" })}\n`);
const chunk = Buffer.alloc(1 << 20);
let waiting = Buffer.alloc(0);
for (let size; (size = retried(() => readSync(0, chunk))); ) {
  waiting = Buffer.concat([waiting, chunk.subarray(0, size)]);
  const lines = [];
  let at = 0;
  for (;;) {
    const body = at + HEAD;
    const end = body + (waiting.length < body ? 0 : waiting.readUInt32BE(at + 1));
    if (waiting.length < body || waiting.length < end) break;
    const letter = String.fromCharCode(waiting[at]);
    lines.push(`${JSON.stringify(answer(letter, surrounded(waiting.subarray(body, end))))}\n`);
    at = end;
  }
  waiting = waiting.subarray(at);
  write(lines.join(""));
}

// The structure of one msgpack message, walked without building anything: protocol/scan.py, step
// for step, so that both name the same first wrong byte. `read` asks it what is wrong.
//
// The walk is iterative, takes one step a value and checks every claimed length against the bytes
// at hand, so that no message can make it allocate much.

import { ErrorCode } from "../error-codes.js";
import { RemoteProtocolError } from "../errors.js";
import {
  ARRAY,
  BIN,
  FORBIDDEN,
  INT64,
  LEAF,
  MAP,
  STR,
  UINT64,
  WHAT,
  WIDTH,
  lengthAt,
} from "./heads.js";
import { ownBytes } from "./bytes.js";
import { MAX_DEPTH, MAX_ELEMENTS, MAX_INT, MAX_NODES } from "../limits.js";
import { beginning, invalidUtf8, textAt } from "./utf8.js";

/** Assigned to a plain object, it would change what the object is instead of what it holds. */
export const FORBIDDEN_KEY = "__proto__";

/** A container that is open at some point of the walk. */
interface Open {
  /** Values still to come in it. In a map, where they come in pairs, an even number means a key. */
  remaining: number;
  /** Keys seen so far, if it is a map. */
  keys: Set<string> | null;
}

/**
 * Checks that `message` is exactly one msgpack value within the interop profile.
 *
 * @throws RemoteProtocolError naming the first byte that is wrong
 */
export function scan(message: Uint8Array): void {
  const data = ownBytes(message);
  const outer: Open[] = [];
  let inner: Open = { remaining: 1, keys: null };
  let offset = 0;
  let nodes = 0;
  for (;;) {
    while (inner.remaining === 0) {
      const next = outer.pop();
      if (!next) return checkEnd(data, offset);
      inner = next;
    }
    if (offset >= data.length) throw truncated(data, 1);
    if (++nodes > MAX_NODES) throw tooMany(offset, "values in a message", nodes, MAX_NODES);
    const body = checkHead(data, offset, inner);
    inner.remaining -= 1;
    if (body > data.length) throw truncated(data, body - data.length);
    const what = WHAT[data[offset]!]!;
    if (what === ARRAY || what === MAP) {
      outer.push(inner);
      inner = openContainer(data, offset, body, what, outer.length);
      offset = body;
    } else {
      offset = checkScalar(data, offset, body, what, inner);
    }
  }
}

/** Returns where the value's body begins. */
function checkHead(data: Uint8Array, offset: number, inner: Open): number {
  const head = data[offset]!;
  if (WHAT[head] === FORBIDDEN) {
    throw new RemoteProtocolError(
      ErrorCode.FORBIDDEN_TYPE,
      "extension types and 0xC1 are not part of the wire",
      { offset, expected: "nil, bool, int, float, str, bin, array or map", got: headName(head) },
    );
  }
  if (isKey(inner) && WHAT[head] !== STR) {
    throw new RemoteProtocolError(ErrorCode.WRONG_TYPE, "a map key is not a str", {
      offset,
      expected: "str",
      got: headName(head),
    });
  }
  return offset + 1 + WIDTH[head]!;
}

const isKey = (open: Open): boolean => open.keys !== null && open.remaining % 2 === 0;

function openContainer(
  data: Uint8Array,
  offset: number,
  body: number,
  what: number,
  depth: number,
): Open {
  const length = lengthAt(data, offset);
  if (length > MAX_ELEMENTS) {
    throw tooMany(offset, "elements in a container", length, MAX_ELEMENTS);
  }
  if (depth > MAX_DEPTH) {
    throw new RemoteProtocolError(ErrorCode.TOO_DEEP, "containers within containers go too deep", {
      offset,
      got: String(depth),
      limit: MAX_DEPTH,
    });
  }
  const remaining = what === MAP ? 2 * length : length;
  const room = data.length - body;
  if (remaining > room) throw truncated(data, remaining - room);
  return { remaining, keys: what === MAP ? new Set() : null };
}

/** Returns where the value ends. */
function checkScalar(
  data: Uint8Array,
  offset: number,
  body: number,
  what: number,
  inner: Open,
): number {
  if (what === LEAF) return body;
  if (what === INT64 || what === UINT64) {
    checkInteger(data, offset, what);
    return body;
  }
  const end = body + lengthAt(data, offset);
  if (end > data.length) throw truncated(data, end - data.length);
  if (what === BIN) return end;
  checkText(data, body, end);
  // `remaining` has counted this value already: odd now, if it was even before.
  if (inner.keys && inner.remaining % 2 === 1) addKey(inner.keys, textAt(data, body, end), offset);
  return end;
}

function checkInteger(data: Uint8Array, offset: number, what: number): void {
  const view = new DataView(data.buffer, data.byteOffset + offset + 1, 8);
  const number = what === INT64 ? view.getBigInt64(0) : view.getBigUint64(0);
  if (number >= -BigInt(MAX_INT) && number <= BigInt(MAX_INT)) return;
  throw new RemoteProtocolError(
    ErrorCode.OUT_OF_RANGE,
    "an int is beyond what JavaScript can hold",
    {
      offset,
      expected: "int within +-(2^53 - 1)",
      got: String(number),
      limit: number > 0 ? MAX_INT : -MAX_INT,
    },
  );
}

function checkText(data: Uint8Array, start: number, end: number): void {
  const offset = invalidUtf8(data, start, end);
  if (offset < 0) return;
  throw new RemoteProtocolError(ErrorCode.BAD_UTF8, "a str is not valid UTF-8", {
    offset,
    expected: "UTF-8",
    got: `byte ${hex(data[offset]!)}`,
  });
}

function addKey(keys: Set<string>, key: string, offset: number): void {
  if (key === FORBIDDEN_KEY) {
    throw new RemoteProtocolError(
      ErrorCode.FORBIDDEN_TYPE,
      "a map key is one that JavaScript cannot hold",
      { offset, expected: "any other key", got: '"__proto__"' },
    );
  }
  if (keys.has(key)) {
    throw new RemoteProtocolError(ErrorCode.DUPLICATE_KEY, "a map has the same key twice", {
      offset,
      expected: "each key once",
      got: `'${beginning(key)}' again`,
    });
  }
  keys.add(key);
}

function checkEnd(data: Uint8Array, offset: number): void {
  if (offset === data.length) return;
  throw new RemoteProtocolError(
    ErrorCode.TRAILING_BYTES,
    "there are bytes after the message's end",
    { offset, expected: "end of message", got: `${data.length - offset} more bytes` },
  );
}

function truncated(data: Uint8Array, missing: number): RemoteProtocolError {
  return new RemoteProtocolError(
    ErrorCode.TRUNCATED,
    "the message ends before its last value does",
    { offset: data.length, expected: `at least ${missing} more bytes`, got: "end of message" },
  );
}

function tooMany(offset: number, what: string, got: number, limit: number): RemoteProtocolError {
  return new RemoteProtocolError(ErrorCode.TOO_MANY, `too many ${what}`, {
    offset,
    got: String(got),
    limit,
  });
}

/** Writes a byte for an error. */
export const hex = (byte: number): string =>
  `0x${byte.toString(16).toUpperCase().padStart(2, "0")}`;

/** Names a head byte for an error. */
export const headName = (head: number): string => `head ${hex(head)}`;

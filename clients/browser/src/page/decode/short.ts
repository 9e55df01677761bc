// Frames in a short form: {"frame": "KICK", "player": 3, "reason": "afk"}.
//
// A payload is any JSON value, and is packed. Bytes are {"$hex": "CAFE"}; a payload that is so is
// not packed. Whether the wire allows what is written is left to the decoder, which shows it.

import { type FieldType, type Within } from "../../protocol/fields/field-types.js";
import { snake } from "../../protocol/fields/snake.js";
import { CLIENT_FRAMES, type Declaration, RELAY_FRAMES } from "../../protocol/frames.js";
import { LocalProtocolError } from "../../protocol/errors.js";
import { pack } from "../../protocol/msgpack/payload.js";
import { write } from "../../protocol/msgpack/write.js";
import { Opcode } from "../../protocol/opcodes.js";
import { bytesOfHex } from "./hex.js";
import { type Json, NotEncodable, encodeTree } from "./spelling.js";

const SIDES = { client: Object.values(CLIENT_FRAMES), relay: Object.values(RELAY_FRAMES) };

/** Encodes what a text says: a short form, or what `relay decode --json` prints. */
export function encodeText(text: string): Uint8Array {
  const told = parsed(text);
  if (typeof told !== "object" || told === null || Array.isArray(told)) {
    throw new NotEncodable("a message is an object with a tree, or with the name of a frame");
  }
  return "tree" in told ? encodeTree(told as Json) : encodeShort(told as Json);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NotEncodable(`this is no JSON: ${(error as Error).message}`);
  }
}

function encodeShort({ frame, from, ...given }: Json): Uint8Array {
  const { opcode, fields } = declarationOf(frame, from, Object.keys(given));
  const known = Object.entries(fields).map(([name, type]) => [snake(name), type.within] as const);
  const names = known.map(([name]) => name);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  if (unknown.length) {
    throw new NotEncodable(`${frame} has no ${unknown.join(", ")}; it has ${names.join(", ")}`);
  }
  const missing = names.filter((name) => !(name in given));
  if (missing.length) throw new NotEncodable(`${frame} needs ${missing.join(", ")}`);
  try {
    return write([opcode, ...known.map(([name, within]) => valueOf(given[name], within))], true);
  } catch (error) {
    throw error instanceof LocalProtocolError ? new NotEncodable(error.message) : error;
  }
}

/** The frame that is named. Where both sides have it, its fields say whose it is. */
function declarationOf(name: unknown, from: unknown, given: readonly string[]): Declaration {
  const sides =
    from === "client" || from === "relay" ? SIDES[from] : [...SIDES.client, ...SIDES.relay];
  const opcode = Opcode[name as keyof typeof Opcode];
  const choices: Declaration[] = sides.filter((each) => each.opcode === opcode);
  const unlike = ({ fields }: Declaration): number => {
    const names = Object.keys(fields).map(snake);
    return (
      names.filter((each) => !given.includes(each)).length +
      given.filter((each) => !names.includes(each)).length
    );
  };
  const [best] = choices.sort((one, other) => unlike(one) - unlike(other));
  if (!best) throw new NotEncodable(`no frame is called "${name}"`);
  return best;
}

type AnyType = FieldType<unknown, unknown>;

/** What a field holds, for what JSON says: a payload packed, a record as a `Map`. */
function valueOf(told: unknown, within: Within | undefined): unknown {
  const plain = raw(told);
  if (within === "payload")
    return plain instanceof Uint8Array || plain === false ? plain : pack(plain);
  if (typeof within === "object" && "keys" in within && isObject(told)) {
    const typeOf = (key: string): AnyType | undefined => within.keys[key];
    return new Map(
      Object.entries(told).map(([key, held]) => [key, valueOf(held, typeOf(key)?.within)]),
    );
  }
  if (typeof within === "object" && Array.isArray(told)) {
    const typeOf = (index: number): AnyType | undefined =>
      "each" in within ? within.each : "parts" in within ? within.parts[index] : undefined;
    return told.map((held, index) => valueOf(held, typeOf(index)?.within));
  }
  return asMaps(plain);
}

const isObject = (told: unknown): told is Json =>
  typeof told === "object" && told !== null && !Array.isArray(told) && !("$hex" in told);

/** A JSON value with {"$hex": ...} as bytes, all the way down. */
function raw(told: unknown): unknown {
  if (Array.isArray(told)) return told.map(raw);
  if (typeof told !== "object" || told === null) return told;
  const hex: unknown = (told as Json)["$hex"];
  if (hex === undefined)
    return Object.fromEntries(Object.entries(told).map(([key, held]) => [key, raw(held)]));
  const bytes = typeof hex === "string" ? bytesOfHex(hex) : null;
  if (!bytes) throw new NotEncodable(`"$hex" holds no hex: ${String(hex).slice(0, 40)}`);
  return bytes;
}

/** A value with maps as the writer of frames takes them. */
function asMaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asMaps);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return new Map(Object.entries(value).map(([key, held]) => [key, asMaps(held)]));
}

// The decoded tree as JSON, the same as `relay decode --json` prints, and from JSON back to bytes.

import { type Decoded, isIgnored } from "./decoded.js";
import { bytesOfHex, hexOf, joined } from "./hex.js";
import { type Node, REST, isWhole } from "./tree.js";

export type Json = Readonly<Record<string, unknown>>;

/** What was given is no message, or the wire cannot carry it. It says why, in one sentence. */
export class NotEncodable extends Error {}

/** A message as JSON: its bytes in hex, its tree, and what is wrong with it. */
export function asJson(message: Decoded): Json {
  const told: Record<string, unknown> = {
    from: message.by,
    guessed: message.isGuessed,
    frame: message.name,
    hex: hexOf(message.data),
    tree: message.nodes.map(treeOf),
  };
  if (isIgnored(message)) told["ignored"] = true;
  if (message.fault) told["error"] = message.fault;
  return told;
}

/** Writes JSON. A whole number that JavaScript would round keeps its digits, and -0.0 its sign. */
export function stringify(told: unknown, indent?: number): string {
  const marked = (_: string, value: unknown): unknown => {
    if (Object.is(value, -0)) return "\u0000-0.0";
    return typeof value === "bigint" ? `\u0000${value}` : value;
  };
  return JSON.stringify(told, marked, indent).replace(/"\\u0000(-?\d+(?:\.0)?)"/g, "$1");
}

/** A value and those within it. `at` says where its bytes begin and end. */
export function treeOf(node: Node): Json {
  const names = Object.entries({ name: node.name, means: node.means, note: node.note });
  const told = {
    at: [node.start, node.end],
    ...Object.fromEntries(names.filter(([, word]) => word)),
    type: node.kind,
    ...held(node),
  };
  return isWhole(node) ? told : { ...told, claims: node.claims };
}

function held({ kind, value, children }: Node): Json {
  if (kind === "array" || kind === "map") return { of: children.map(treeOf) };
  if (kind === "bin" && children.length > 0)
    return packed(value as Uint8Array, treeOf(children[0]!));
  if (value instanceof Uint8Array) return { hex: hexOf(value) };
  if (value === null) return {};
  return { value: kind === "float" && !Number.isFinite(value) ? named(value as number) : value };
}

/** A payload's value; its bytes too, where they are not its shortest form. */
function packed(bytes: Uint8Array, tree: Json): Json {
  const isShortest = hexOf(written(tree)) === hexOf(bytes);
  return isShortest ? { packed: tree } : { hex: hexOf(bytes), packed: tree };
}

const named = (value: number): string => (Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf");

const NUMBERS: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** Writes a message of its tree as JSON. All heads are the shortest, and floats have 64 bits. */
export function encodeTree(told: Json): Uint8Array {
  const { tree } = told;
  if (!Array.isArray(tree) || tree.length !== 1) {
    throw new NotEncodable("the tree is not one whole value; the message's bytes are in `hex`");
  }
  return written(tree[0] as Json);
}

const FIXED: Readonly<Record<string, number>> = { nil: 0xc0, false: 0xc2, true: 0xc3 };

/** Writes one value of a tree. */
export function written(node: Json): Uint8Array {
  const { type, value, of } = node;
  if ("claims" in node || type === REST) {
    throw new NotEncodable("the tree is not whole; the message's bytes are in `hex`");
  }
  if (typeof type === "string" && type in FIXED) return Uint8Array.of(FIXED[type]!);
  if (type === "int" && Number.isSafeInteger(value)) return integer(value as number);
  if (type === "float") return float(NUMBERS[String(value)] ?? Number(value));
  if (Array.isArray(of))
    return container(
      type,
      of.map((child) => written(child as Json)),
    );
  const body = bodyOf(node);
  if (body && type === "str") return joined([head(body.length, 0xa0, 32, 0xd9, 1), body]);
  if (body && type === "bin") return joined([head(body.length, 0, 0, 0xc4, 1), body]);
  throw new NotEncodable(`this is no value of a tree: ${JSON.stringify(node).slice(0, 100)}`);
}

function container(type: unknown, parts: Uint8Array[]): Uint8Array {
  if (type === "array") return joined([head(parts.length, 0x90, 16, 0xdc, 2), ...parts]);
  if (parts.length % 2) throw new NotEncodable("a map has a key without a value");
  return joined([head(parts.length / 2, 0x80, 16, 0xde, 2), ...parts]);
}

/** What a str or bin holds. */
function bodyOf({ hex, packed, value }: Json): Uint8Array | null {
  if (typeof hex === "string") return bytesOfHex(hex);
  if (typeof packed === "object" && packed !== null) return written(packed as Json);
  return typeof value === "string" ? new TextEncoder().encode(value) : null;
}

/** The shortest head of a length: short up to `few`, else one of those from `long` on. */
function head(length: number, short: number, few: number, long: number, least: number): Uint8Array {
  if (length < few) return Uint8Array.of(short + length);
  const width = [1, 2, 4].find((each) => each >= least && length < 256 ** each)!;
  return Uint8Array.of(long + Math.log2(width / least), ...bigEndian(length, width));
}

/** The shortest head of an int: a positive one never is of a signed type (SPEC 3.1.2). */
function integer(value: number): Uint8Array {
  if (value >= -32 && value < 128) return Uint8Array.of(value & 0xff);
  const fits = (width: number): boolean =>
    value >= 0 ? value < 256 ** width : value >= -(256 ** width) / 2;
  const width = [1, 2, 4, 8].find(fits)!;
  return Uint8Array.of((value < 0 ? 0xd0 : 0xcc) + Math.log2(width), ...bigEndian(value, width));
}

function bigEndian(value: number, width: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return bytes.slice(8 - width);
}

function float(value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = 0xcb;
  new DataView(bytes.buffer).setFloat64(1, value);
  return bytes;
}

// Messages as people have them at hand: hex, base64, or bytes as Python prints them.

import { bytesOfHex, joined } from "../hex.js";

/** The bytes that a text stands for; null if it is none of the forms. */
export function bytesOf(text: string): Uint8Array | null {
  const trimmed = text.trim();
  return fromHex(trimmed) ?? fromBase64(trimmed) ?? fromPython(trimmed);
}

/** Reads hex as programs print it: 93 10, 0x93,0x10, \x93\x10, 93:10. */
const fromHex = (text: string): Uint8Array | null =>
  bytesOfHex(text.replace(/0x|\\x|[\s,:;-]+/gi, ""));

/** Reads base64 of either alphabet, with or without its padding. */
export function fromBase64(text: string): Uint8Array | null {
  const plain = text.replace(/\s+/g, "").replace(/=+$/, "").replace(/-/g, "+").replace(/_/g, "/");
  try {
    return Uint8Array.from(atob(plain), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

const LITERAL = /^b(["'])(.*)\1$/s;
const ESCAPED = /\\x([0-9a-f]{2})|\\([0-7]{1,3})|\\(.)|([^\\])/gis;
const SIGNS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, a: 7, b: 8, f: 12, v: 11 };

function fromPython(text: string): Uint8Array | null {
  const [, quote, body] = LITERAL.exec(text) ?? [];
  if (quote === undefined || body === undefined) return null;
  const bytes: Uint8Array[] = [];
  let length = 0;
  for (const [whole, hex, octal, sign, plain] of body.matchAll(ESCAPED)) {
    const byte = byteOf(hex, octal, sign, plain);
    if (byte === null || byte > 0xff || plain === quote) return null;
    bytes.push(Uint8Array.of(byte));
    length += whole.length;
  }
  return length === body.length ? joined(bytes) : null;
}

function byteOf(hex?: string, octal?: string, sign?: string, plain?: string): number | null {
  if (hex !== undefined) return parseInt(hex, 16);
  if (octal !== undefined) return parseInt(octal, 8);
  if (plain !== undefined) return plain < "\x80" ? plain.charCodeAt(0) : null;
  if (sign === "\\" || sign === "'" || sign === '"') return sign.charCodeAt(0);
  return SIGNS[sign ?? ""] ?? null;
}

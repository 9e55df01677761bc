/**
 * Returns where the first sequence begins that is not UTF-8, or -1 if all is.
 *
 * By hand, because TextDecoder says only that something is wrong and not where.
 */
export function invalidUtf8(data: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const width = sequenceWidth(data, at, end);
    if (width === 0) return at;
    at += width;
  }
  return -1;
}

/** Bytes of the character at `at`; 0 if there is none. RFC 3629, section 4 is this table. */
function sequenceWidth(data: Uint8Array, at: number, end: number): number {
  const first = data[at]!;
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0; // a continuation, or an overlong form of ASCII
  if (first < 0xe0) return continues(data, at, end, 2) ? 2 : 0;
  if (first < 0xf0) {
    const low = first === 0xe0 ? 0xa0 : 0x80; // no overlong forms
    const high = first === 0xed ? 0x9f : 0xbf; // no surrogates
    return continues(data, at, end, 3, low, high) ? 3 : 0;
  }
  if (first > 0xf4) return 0;
  const low = first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xf4 ? 0x8f : 0xbf; // nothing beyond U+10FFFF
  return continues(data, at, end, 4, low, high) ? 4 : 0;
}

function continues(
  data: Uint8Array,
  at: number,
  end: number,
  width: number,
  low = 0x80,
  high = 0xbf,
): boolean {
  if (at + width > end) return false;
  if (data[at + 1]! < low || data[at + 1]! > high) return false;
  for (let next = at + 2; next < at + width; next++) {
    if (data[next]! < 0x80 || data[next]! > 0xbf) return false;
  }
  return true;
}

/** Whether a string has no surrogates that belong to no pair: one that has them has no UTF-8. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

/** How many bytes of UTF-8 a string has; half a pair counts as three. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else {
      length += 2;
      if (isHigh(unit) && isLow(text.charCodeAt(at + 1))) at++; // four bytes for two units
    }
  }
  return length;
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** Writes a well-formed string to `bytes` as UTF-8, from `at` on. */
export function putUtf8(text: string, bytes: Uint8Array, at: number): void {
  for (let index = 0; index < text.length; index++) {
    const point = text.codePointAt(index)!;
    if (point < 0x80) {
      bytes[at++] = point;
      continue;
    }
    if (point < 0x800) bytes[at++] = 0xc0 + (point >> 6);
    else {
      if (point < 0x10000) bytes[at++] = 0xe0 + (point >> 12);
      else {
        bytes[at++] = 0xf0 + (point >> 18);
        bytes[at++] = 0x80 + ((point >> 12) & 0x3f);
        index++; // a pair is two units
      }
      bytes[at++] = 0x80 + ((point >> 6) & 0x3f);
    }
    bytes[at++] = 0x80 + (point & 0x3f);
  }
}

/** The first 64 characters of a text, for an error. */
export const beginning = (text: string): string =>
  Array.from(text.slice(0, 128)).slice(0, 64).join("");

// The mark U+FEFF at a text's beginning belongs to the text.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text in `data` from `start` to `end`, which is known to be UTF-8. */
export function textAt(data: Uint8Array, start: number, end: number): string {
  return decoder.decode(data.subarray(start, end));
}

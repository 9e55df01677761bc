/** What each of the 256 bytes begins when it is the head of a msgpack value. */

export const LEAF = 0;
export const STR = 1;
export const BIN = 2;
export const ARRAY = 3;
export const MAP = 4;
export const INT64 = 5;
export const UINT64 = 6;
export const FORBIDDEN = 7;

/** By head byte: what it begins. */
export const WHAT = new Uint8Array(256);
/** By head byte: how many bytes of length (or of number) follow it. */
export const WIDTH = new Uint8Array(256);
/** By head byte: the length that the head itself carries. */
export const LENGTH = new Uint8Array(256);

function row(from: number, to: number, what: number, width = 0): void {
  WHAT.fill(what, from, to + 1);
  WIDTH.fill(width, from, to + 1);
}

function short(from: number, to: number, what: number): void {
  row(from, to, what);
  for (let head = from; head <= to; head++) LENGTH[head] = head - from;
}

row(0x00, 0x7f, LEAF); // positive fixint
short(0x80, 0x8f, MAP);
short(0x90, 0x9f, ARRAY);
short(0xa0, 0xbf, STR);
row(0xc0, 0xc0, LEAF); // nil
row(0xc1, 0xc1, FORBIDDEN);
row(0xc2, 0xc3, LEAF); // false, true
row(0xc7, 0xc9, FORBIDDEN); // ext
row(0xd4, 0xd8, FORBIDDEN); // fixext
row(0xe0, 0xff, LEAF); // negative fixint
for (const [power, width] of [1, 2, 4].entries()) {
  row(0xc4 + power, 0xc4 + power, BIN, width);
  row(0xcc + power, 0xcc + power, LEAF, width); // uint
  row(0xd0 + power, 0xd0 + power, LEAF, width); // int
  row(0xd9 + power, 0xd9 + power, STR, width);
}
row(0xca, 0xca, LEAF, 4); // float 32
row(0xcb, 0xcb, LEAF, 8); // float 64
row(0xcf, 0xcf, UINT64, 8);
row(0xd3, 0xd3, INT64, 8);
row(0xdc, 0xdc, ARRAY, 2);
row(0xdd, 0xdd, ARRAY, 4);
row(0xde, 0xde, MAP, 2);
row(0xdf, 0xdf, MAP, 4);

/** The length of the value at `offset`: carried by its head, or by the bytes behind it. */
export function lengthAt(data: Uint8Array, offset: number): number {
  const head = data[offset]!;
  const width = WIDTH[head]!;
  if (width === 0) return LENGTH[head]!;
  let length = 0;
  for (let at = offset + 1; at <= offset + width; at++) length = length * 256 + data[at]!;
  return length;
}

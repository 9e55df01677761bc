// From what a link carried to the TCP packet within.

import type { Recorded } from "./captures.js";
import { NotReadable } from "./said.js";

/** "127.0.0.1:8000" or "[::1]:8000". */
export type End = string;

export interface Packet {
  readonly source: End;
  readonly target: End;
  readonly seq: number;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly data: Uint8Array;
  readonly at: number;
}

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLANS = [0x8100, 0x88a8, 0x9100];
const MOST_TAGS = 2;

const TCP = 6;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
/** Heads between IPv6 and what it carries: hop by hop, routing, fragment, authentication, target. */
const EXTENSIONS = [0, 43, FRAGMENT, AUTHENTICATION, 60];

const SYN = 0x02;
const ACK = 0x10;

/** Bytes that are read from their beginning on. Those that are not there are a `RangeError`. */
const viewOf = (data: Uint8Array): DataView =>
  new DataView(data.buffer, data.byteOffset, data.length);

type Unwrap = (data: Uint8Array) => Inner | null;

interface Inner {
  /** IPV4 or IPV6; others are not read. */
  readonly kind: number;
  readonly data: Uint8Array;
}

/** By the link's type, its number in captures. */
const LINKS: Readonly<Record<number, Unwrap>> = {
  0: ofBsd,
  1: ofEthernet,
  12: ofNothing,
  101: ofNothing,
  108: ofBsd,
  113: (data) => ({ kind: viewOf(data).getUint16(14), data: data.subarray(16) }),
  228: ofNothing,
  229: ofNothing,
  276: (data) => ({ kind: viewOf(data).getUint16(0), data: data.subarray(20) }),
};

/** The TCP packet within what a link carried; null if there is none. */
export function packetOf({ link, data, at }: Recorded): Packet | null {
  const unwrap = LINKS[link];
  if (!unwrap) {
    const text = `Captures of link type ${link} cannot be read: capture loopback instead.`;
    throw new NotReadable(text);
  }
  try {
    const inner = unwrap(data);
    if (inner?.kind === IPV4) return ofIpv4(inner.data, at);
    return inner?.kind === IPV6 ? ofIpv6(inner.data, at) : null;
  } catch (error) {
    if (error instanceof RangeError) return null; // it is cut off before its end
    throw error;
  }
}

function ofEthernet(data: Uint8Array): Inner {
  const view = viewOf(data);
  let at = 12;
  for (let tag = 0; tag < MOST_TAGS && VLANS.includes(view.getUint16(at)); tag++) at += 4;
  return { kind: view.getUint16(at), data: data.subarray(at + 2) };
}

/** A loopback of BSD: the family's number, in the byte order of either. */
function ofBsd(data: Uint8Array): Inner {
  const view = viewOf(data);
  const family = Math.min(view.getUint32(0), view.getUint32(0, true));
  if (family === 2) return { kind: IPV4, data: data.subarray(4) };
  const isIpv6 = family === 24 || family === 28 || family === 30;
  return isIpv6 ? { kind: IPV6, data: data.subarray(4) } : ofEthernet(data.subarray(4));
}

function ofNothing(data: Uint8Array): Inner {
  return { kind: (data[0] ?? 0) >= 0x60 ? IPV6 : IPV4, data };
}

function ofIpv4(data: Uint8Array, at: number): Packet | null {
  const view = viewOf(data);
  const start = 4 * (view.getUint8(0) & 0x0f);
  const isPart = (view.getUint16(6) & 0x1fff) !== 0;
  if (start < 20 || isPart || view.getUint8(9) !== TCP) return null;
  const end = view.getUint16(2) || data.length; // 0 where the network card cuts it
  return ofTcp(data.subarray(start, end), [dotted(data, 12), dotted(data, 16)], at);
}

function ofIpv6(data: Uint8Array, at: number): Packet | null {
  const view = viewOf(data);
  const end = view.getUint16(4) ? 40 + view.getUint16(4) : data.length;
  let next = view.getUint8(6);
  let start = 40;
  while (EXTENSIONS.includes(next)) {
    if (next === FRAGMENT && view.getUint16(start + 2) >> 3 !== 0) return null;
    const length = view.getUint8(start + 1);
    const size = next === AUTHENTICATION ? 4 * (length + 2) : 8 * (length + 1);
    [next, start] = [view.getUint8(start), start + (next === FRAGMENT ? 8 : size)];
  }
  if (next !== TCP) return null;
  return ofTcp(data.subarray(start, end), [coloned(view, 8), coloned(view, 24)], at);
}

function ofTcp(
  data: Uint8Array,
  [source, target]: readonly [string, string],
  at: number,
): Packet | null {
  const view = viewOf(data);
  const flags = view.getUint8(13);
  view.getUint32(16);
  const start = 4 * (view.getUint8(12) >> 4);
  if (start < 20) return null;
  return {
    source: `${source}:${view.getUint16(0)}`,
    target: `${target}:${view.getUint16(2)}`,
    seq: view.getUint32(4),
    syn: (flags & SYN) !== 0,
    ack: (flags & ACK) !== 0,
    data: data.subarray(start),
    at,
  };
}

const dotted = (data: Uint8Array, at: number): string => data.subarray(at, at + 4).join(".");

/** An address of IPv6 in brackets, with `::` in place of its longest zeros. */
function coloned(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(at + 2 * index));
  const hex = (start: number, end: number): string =>
    groups
      .slice(start, end)
      .map((group) => group.toString(16))
      .join(":");
  const [start, end] = longestZeros(groups);
  if (end - start < 2) return `[${hex(0, 8)}]`;
  if (start === 0 && end === 5 && groups[5] === 0xffff)
    return `[::ffff:${dotted(new Uint8Array(view.buffer, view.byteOffset + at), 12)}]`;
  return `[${hex(0, start)}::${hex(end, 8)}]`;
}

/** The first of the longest runs of zeros: its start and its end. */
function longestZeros(groups: readonly number[]): readonly [number, number] {
  let longest: readonly [number, number] = [0, 0];
  for (const start of groups.keys()) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > longest[1] - longest[0]) longest = [start, end];
  }
  return longest;
}

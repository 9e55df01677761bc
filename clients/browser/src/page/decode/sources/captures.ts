// The packets in a capture: the files that tcpdump and Wireshark write, pcap and pcapng.

import { NotReadable } from "./said.js";

/** What a link carried. */
export interface Recorded {
  /** Seconds, by the clock of who recorded it. */
  readonly at: number;
  /** The link's type, by its number in captures. */
  readonly link: number;
  readonly data: Uint8Array;
}

/** By the first bytes of pcap: whether it is little-endian, and the units of time in a second. */
const PCAP: Readonly<Record<number, readonly [isLittle: boolean, perSecond: number]>> = {
  0xa1b2c3d4: [false, 1e6],
  0xd4c3b2a1: [true, 1e6],
  0xa1b23c4d: [false, 1e9],
  0x4d3cb2a1: [true, 1e9],
};
const FILE_HEAD = 24;
const PACKET_HEAD = 16;

// Blocks of pcapng, and what stands in them.
const SECTION = 0x0a0d0d0a;
const ORDER = 0x1a2b3c4d;
const INTERFACE = 1;
const OLD_PACKET = 2;
const PACKET = 6;
const LEAST_BLOCK = 12;
/** Where the bytes of a packet begin in its block, and an interface's options in its own. */
const DATA = 28;
const OPTIONS = 16;
const RESOLUTION = 9;
const OFFSET = 14;

/** The packets of a capture; null if this is none. They may end in `NotReadable`. */
export function readCapture(content: Uint8Array): Iterable<Recorded> | null {
  if (content.length < 4) return null;
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const magic = view.getUint32(0);
  if (magic === SECTION) return whole(() => blocks(view));
  const known = PCAP[magic];
  return known ? whole(() => records(view, ...known)) : null;
}

/** Whatever is cut off has bytes that are not there. */
function* whole(read: () => Iterable<Recorded>): Generator<Recorded> {
  try {
    yield* read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new NotReadable("This is no whole capture: its end is missing, or a length is wrong.");
  }
}

const slice = (view: DataView, start: number, size: number): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + start, size);

function* records(view: DataView, isLittle: boolean, perSecond: number): Generator<Recorded> {
  const link = view.getUint32(20, isLittle);
  for (let at = FILE_HEAD; at < view.byteLength; ) {
    const number = (place: number): number => view.getUint32(at + 4 * place, isLittle);
    const size = number(2);
    const start = at + PACKET_HEAD;
    const there = Math.min(size, Math.max(view.byteLength - start, 0));
    const when = number(0) + number(1) / perSecond;
    number(3);
    yield { at: when, link, data: slice(view, start, there) };
    at = start + size;
  }
}

interface Interface {
  readonly link: number;
  readonly perSecond: number;
  /** Seconds that are added to each time. */
  readonly offset: number;
}

function* blocks(view: DataView): Generator<Recorded> {
  let isLittle = false;
  let interfaces: Interface[] = [];
  for (let at = 0; at + 8 <= view.byteLength; ) {
    if (view.getUint32(at) === SECTION) {
      isLittle = view.getUint32(at + 8) !== ORDER;
      interfaces = [];
    }
    const kind = view.getUint32(at, isLittle);
    const size = view.getUint32(at + 4, isLittle);
    if (size < LEAST_BLOCK) throw new RangeError("a block without its ends");
    if (kind === INTERFACE || kind === PACKET || kind === OLD_PACKET) {
      const block = new DataView(view.buffer, view.byteOffset + at, size);
      if (kind === INTERFACE) interfaces.push(interfaceOf(block, isLittle));
      else yield packetOf(block, isLittle, kind, interfaces);
    }
    at += size;
  }
}

function packetOf(
  block: DataView,
  isLittle: boolean,
  kind: number,
  interfaces: readonly Interface[],
): Recorded {
  const number = (at: number): number => block.getUint32(at, isLittle);
  const from = interfaces[kind === PACKET ? number(8) : block.getUint16(8, isLittle)];
  if (!from) throw new RangeError("a packet of no interface");
  const time = number(12) * 2 ** 32 + number(16);
  const at = from.offset + time / from.perSecond;
  return { at, link: from.link, data: slice(block, DATA, number(20)) };
}

function interfaceOf(block: DataView, isLittle: boolean): Interface {
  const found = { link: block.getUint16(8, isLittle), perSecond: 1e6, offset: 0 };
  for (let at = OPTIONS; at + 4 <= block.byteLength - 4; ) {
    const [code, size] = [block.getUint16(at, isLittle), block.getUint16(at + 2, isLittle)];
    if (code === 0) break;
    if (code === RESOLUTION) found.perSecond = perSecond(block.getUint8(at + 4));
    if (code === OFFSET) found.offset = Number(block.getBigInt64(at + 4, isLittle));
    at += 4 + Math.ceil(size / 4) * 4;
  }
  return found;
}

/** The highest bit says whether the others are a power of 2, or of 10. */
const perSecond = (resolution: number): number =>
  (resolution & 0x80 ? 2 : 10) ** (resolution & 0x7f);

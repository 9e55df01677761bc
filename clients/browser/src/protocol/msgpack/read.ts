// Values out of a message, checked while they are read.
//
// This is the fast way: one pass, which only knows that something is wrong. `scan` then finds what
// it is, and where. A test holds the two together: what one accepts, the other does.

import { MAX_DEPTH, MAX_ELEMENTS, MAX_NODES } from "../limits.js";
import { ownBytes } from "./bytes.js";
import { FORBIDDEN_KEY, scan } from "./scan.js";
import { keyAt, validTextAt } from "./text.js";

/** A float of a frame, which must not pass for an int there. */
export class Float {
  constructor(readonly value: number) {}
}

/** Thrown where the message is wrong. Made once, as an error is expensive to make. */
const FLAW = new Error("the message is refused, and yet nothing is wrong with it");

/**
 * Reads the value that fills `data`.
 *
 * @param isFrame floats come as `Float`, and maps as `Map`, in the order of the wire; otherwise
 *   maps are plain objects
 * @throws RemoteProtocolError naming the first byte that is wrong
 */
export function read(data: Uint8Array, isFrame = false): unknown {
  const own = ownBytes(data);
  try {
    return new Reader(own, isFrame).whole();
  } catch (error) {
    if (error === FLAW) scan(own);
    throw error;
  }
}

class Reader {
  private readonly end: number;
  private at = 0;
  private nodes = 0;
  private view: DataView | null = null;

  constructor(
    private readonly data: Uint8Array,
    private readonly isFrame: boolean,
  ) {
    this.end = data.length;
  }

  whole(): unknown {
    const value = this.value(1);
    if (this.at !== this.end) throw FLAW;
    return value;
  }

  /** @param depth of the value, if it is a container */
  private value(depth: number): unknown {
    const head = this.head();
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head < 0x90) return this.map(head - 0x80, depth);
    if (head < 0xa0) return this.array(head - 0x90, depth);
    if (head < 0xc0) return this.text(head - 0xa0);
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xdc:
      case 0xdd:
        return this.array(this.uint(head === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.map(this.uint(head === 0xde ? 2 : 4), depth);
      default:
        return this.scalar(head);
    }
  }

  private scalar(head: number): unknown {
    switch (head) {
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.bin(this.uint(1 << (head - 0xc4)));
      case 0xca:
        return this.float(this.numbers.getFloat32(this.pass(4)));
      case 0xcb:
        return this.float(this.numbers.getFloat64(this.pass(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.uint(1 << (head - 0xcc));
      case 0xcf:
        return this.wide(this.uint(4));
      case 0xd0:
        return this.numbers.getInt8(this.pass(1));
      case 0xd1:
        return this.numbers.getInt16(this.pass(2));
      case 0xd2:
        return this.numbers.getInt32(this.pass(4));
      case 0xd3:
        return this.wide(this.numbers.getInt32(this.pass(4)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.text(this.uint(1 << (head - 0xd9)));
      default:
        throw FLAW; // ext, or 0xC1
    }
  }

  /** The head of the next value or key. */
  private head(): number {
    if (++this.nodes > MAX_NODES) throw FLAW;
    return this.data[this.pass(1)]!;
  }

  /** Passes over bytes, which must be there; returns where they begin. */
  private pass(size: number): number {
    const start = this.at;
    if (size > this.end - start) throw FLAW;
    this.at = start + size;
    return start;
  }

  /** Made only for what cannot do without. */
  private get numbers(): DataView {
    return (this.view ??= viewOf(this.data));
  }

  private uint(width: number): number {
    let at = this.pass(width);
    let number = this.data[at]!;
    while (++at < this.at) number = number * 256 + this.data[at]!;
    return number;
  }

  /** An int of 64 bits, of which the upper half was read. */
  private wide(high: number): number {
    const number = high * 2 ** 32 + this.uint(4);
    if (!Number.isSafeInteger(number)) throw FLAW;
    return number;
  }

  private float(value: number): unknown {
    return this.isFrame ? new Float(value) : value;
  }

  private bin(length: number): Uint8Array {
    const start = this.pass(length);
    return this.data.subarray(start, this.at);
  }

  private text(length: number): string {
    return validTextAt(this.data, this.pass(length), this.at) ?? flaw();
  }

  private key(): string {
    const head = this.head();
    const key = keyAt(this.data, this.pass(this.keyLength(head)), this.at);
    if (key === FORBIDDEN_KEY) throw FLAW;
    return key ?? flaw();
  }

  private keyLength(head: number): number {
    if (head >= 0xa0 && head < 0xc0) return head - 0xa0;
    if (head >= 0xd9 && head < 0xdc) return this.uint(1 << (head - 0xd9));
    throw FLAW;
  }

  private array(length: number, depth: number): unknown[] {
    this.check(length, depth);
    const array = new Array<unknown>(length);
    for (let index = 0; index < length; index++) array[index] = this.value(depth + 1);
    return array;
  }

  private map(length: number, depth: number): unknown {
    this.check(length, depth);
    return this.isFrame ? this.ordered(length, depth + 1) : this.object(length, depth + 1);
  }

  private ordered(length: number, depth: number): Map<string, unknown> {
    const map = new Map<string, unknown>();
    for (let entry = 0; entry < length; entry++) map.set(this.key(), this.value(depth));
    if (map.size < length) throw FLAW;
    return map;
  }

  private object(length: number, depth: number): object {
    const object: Record<string, unknown> = {};
    for (let entry = 0; entry < length; entry++) {
      const key = this.key();
      // Set, not defined, because that is faster. What is there may be `toString` and the like.
      if (object[key] === undefined) object[key] = this.value(depth);
      else define(object, key, this.value(depth));
    }
    return object;
  }

  /** Checks a container before anything is made for it. */
  private check(length: number, depth: number): void {
    if (length > MAX_ELEMENTS || depth > MAX_DEPTH || length > this.end - this.at) throw FLAW;
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

function define(object: object, key: string, value: unknown): void {
  if (Object.hasOwn(object, key)) throw FLAW;
  Object.defineProperty(object, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function flaw(): never {
  throw FLAW;
}

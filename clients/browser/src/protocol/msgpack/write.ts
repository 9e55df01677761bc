// Values into a message, checked while they are written.

import { ErrorCode } from "../error-codes.js";
import { type Breach, LocalProtocolError } from "../errors.js";
import { MAX_DEPTH, MAX_ELEMENTS, MAX_NODES } from "../limits.js";
import { isBytes } from "./bytes.js";
import { FORBIDDEN_KEY } from "./scan.js";
import { isWellFormed, putUtf8, utf8Length } from "./utf8.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes for which a writer has room to begin with. */
const ROOM = 2048;
/** Bytes of room that a writer keeps for the next message, at most. */
const KEPT = 64 * 1024;
/** Units of a string up to which it is written here: to call the encoder takes longer. */
const SHORT = 64;

const encoder = new TextEncoder();

/** Null while it writes: a getter of the value may want to write something else. */
let idle: Writer | null = null;

/**
 * Writes one value in its shortest form.
 *
 * @param isFrame maps come as `Map`; otherwise they are plain objects
 * @throws LocalProtocolError if the value is not within the interop profile; what a getter of the
 *   value throws comes through
 */
export function write(value: unknown, isFrame = false): Bytes {
  const writer = idle ?? new Writer();
  idle = null;
  try {
    return writer.message(value, isFrame);
  } finally {
    idle = writer;
  }
}

class Writer {
  private bytes: Bytes = new Uint8Array(ROOM);
  private view = new DataView(this.bytes.buffer);
  private at = 0;
  private nodes = 0;
  private isFrame = false;

  message(value: unknown, isFrame: boolean): Bytes {
    this.at = this.nodes = 0;
    this.isFrame = isFrame;
    if (this.bytes.length > KEPT) this.takeRoom(ROOM);
    this.value(value, 1);
    return this.bytes.slice(0, this.at);
  }

  /** @param depth of the value, if it is a container */
  private value(value: unknown, depth: number): void {
    this.count();
    switch (typeof value) {
      case "number":
        return this.number(value);
      case "string":
        return this.text(value);
      case "boolean":
        return this.byte(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.byte(0xc0);
      default:
        return value === null ? this.byte(0xc0) : this.object(value, depth);
    }
  }

  private object(value: unknown, depth: number): void {
    if (Array.isArray(value)) return this.array(value, depth);
    if (isBytes(value)) return this.bin(value);
    if (this.isFrame && value instanceof Map) return this.entries(value, depth);
    if (!isPlain(value)) throw cannot(value);
    this.properties(value, depth);
  }

  private array(array: readonly unknown[], depth: number): void {
    const { length } = array;
    this.container(length, depth, 0x90, 0xdc);
    for (let index = 0; index < length; index++) this.value(array[index], depth + 1);
  }

  private entries(map: ReadonlyMap<string, unknown>, depth: number): void {
    this.container(map.size, depth, 0x80, 0xde);
    for (const [key, value] of map) this.entry(key, value, depth);
  }

  private properties(object: Record<string, unknown>, depth: number): void {
    let keys = Object.keys(object);
    if (keys.length > MAX_ELEMENTS) keys = keys.filter((key) => object[key] !== undefined);
    const start = this.at;
    this.container(keys.length, depth, 0x80, 0xde);
    const body = this.at;
    let size = 0;
    for (const key of keys) {
      const value = object[key];
      if (value === undefined) continue;
      this.entry(key, value, depth);
      size += 1;
    }
    if (size < keys.length) this.shrink(start, body, size);
  }

  /** Writes a map's head anew, of which some keys turned out to have no value. */
  private shrink(start: number, body: number, size: number): void {
    const end = this.at;
    this.at = start;
    this.length(size, 0x80, 0xde);
    this.bytes.copyWithin(this.at, body, end);
    this.at += end - body;
  }

  private entry(key: string, value: unknown, depth: number): void {
    if (key === FORBIDDEN_KEY) {
      throw refused(ErrorCode.FORBIDDEN_TYPE, "a map key is one that JavaScript cannot hold", {
        expected: "any other key",
        got: '"__proto__"',
      });
    }
    this.count();
    this.text(key);
    this.value(value, depth + 1);
  }

  private container(length: number, depth: number, short: number, long: number): void {
    if (length > MAX_ELEMENTS) throw tooMany("elements in a container", length, MAX_ELEMENTS);
    if (depth > MAX_DEPTH) {
      throw refused(ErrorCode.TOO_DEEP, "containers within containers go too deep", {
        got: String(depth),
        limit: MAX_DEPTH,
      });
    }
    this.length(length, short, long);
  }

  private length(length: number, short: number, long: number): void {
    if (length < 16) this.byte(short + length);
    else this.numbered(long, length, 2);
  }

  private count(): void {
    if (++this.nodes > MAX_NODES) throw tooMany("values in a message", this.nodes, MAX_NODES);
  }

  private number(number: number): void {
    if (!Number.isSafeInteger(number)) this.float(number);
    else if (number >= 0) {
      if (number < 0x80) this.byte(number);
      else if (number < 0x100) this.numbered(0xcc, number, 1);
      else if (number < 0x10000) this.numbered(0xcd, number, 2);
      else if (number < 2 ** 32) this.numbered(0xce, number, 4);
      else this.wide(0xcf, number);
    } else if (number >= -0x20) this.byte(number & 0xff);
    else if (number >= -0x80) this.numbered(0xd0, number, 1);
    else if (number >= -0x8000) this.numbered(0xd1, number, 2);
    else if (number >= -(2 ** 31)) this.numbered(0xd2, number, 4);
    else this.wide(0xd3, number);
  }

  private float(number: number): void {
    const at = this.headed(0xcb, 8); // before `view`, which this may renew
    this.view.setFloat64(at, number);
  }

  private wide(head: number, number: number): void {
    const at = this.headed(head, 8);
    this.view.setInt32(at, Math.floor(number / 2 ** 32));
    this.view.setInt32(at + 4, number); // the lower half: it is taken modulo 2^32
  }

  private text(text: string): void {
    const { length } = text;
    if (length <= SHORT && this.ascii(text)) return;
    const size = utf8Length(text);
    if (size !== length && !isWellFormed(text)) {
      throw refused(ErrorCode.BAD_UTF8, "a string has half a surrogate pair");
    }
    this.textHead(size);
    const start = this.pass(size);
    if (length <= SHORT) putUtf8(text, this.bytes, start);
    else encoder.encodeInto(text, this.bytes.subarray(start, this.at));
  }

  /** Writes a text if it is ASCII, and says whether it was. */
  private ascii(text: string): boolean {
    const before = this.at;
    this.textHead(text.length);
    let at = this.pass(text.length);
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) {
        this.at = before;
        return false;
      }
      this.bytes[at++] = unit;
    }
    return true;
  }

  private textHead(size: number): void {
    if (size < 32) this.byte(0xa0 + size);
    else this.sized(0xd9, size);
  }

  private bin(data: Uint8Array): void {
    this.sized(0xc4, data.length);
    const start = this.pass(data.length);
    this.bytes.set(data, start);
  }

  /** A head and a length of 1, 2 or 4 bytes, for each of which the head is another. */
  private sized(head: number, size: number): void {
    if (size < 0x100) this.numbered(head, size, 1);
    else if (size < 0x10000) this.numbered(head + 1, size, 2);
    else this.numbered(head + 2, size, 4);
  }

  private numbered(head: number, number: number, width: 1 | 2 | 4): void {
    const at = this.headed(head, width);
    if (width === 1) this.bytes[at] = number;
    else if (width === 2) this.view.setInt16(at, number);
    else this.view.setInt32(at, number);
  }

  private byte(byte: number): void {
    const at = this.pass(1);
    this.bytes[at] = byte;
  }

  /** Writes a head and passes over what belongs to it; returns where that begins. */
  private headed(head: number, size: number): number {
    const at = this.pass(1 + size);
    this.bytes[at] = head;
    return at + 1;
  }

  /** Passes over bytes, for which there is room then; returns where they begin. */
  private pass(size: number): number {
    const start = this.at;
    this.at = start + size;
    if (this.at > this.bytes.length) this.grow(start);
    return start;
  }

  private grow(written: number): void {
    const before = this.bytes.subarray(0, written);
    this.takeRoom(2 * this.at);
    this.bytes.set(before);
  }

  private takeRoom(size: number): void {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** Whether it is an object that was written as `{...}`, perhaps in another realm. */
function isPlain(object: unknown): object is Record<string, unknown> {
  if (typeof object !== "object" || object === null) return false;
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const refused = (code: number, text: string, breach?: Breach): LocalProtocolError =>
  new LocalProtocolError(code, text, breach);

const tooMany = (what: string, got: number, limit: number): LocalProtocolError =>
  refused(ErrorCode.TOO_MANY, `too many ${what}`, { got: String(got), limit });

function cannot(value: unknown): LocalProtocolError {
  const got = Object.prototype.toString.call(value).slice(8, -1);
  const text = `the value cannot be packed: a ${got} is no plain value`;
  return refused(ErrorCode.WRONG_TYPE, text, { got });
}

// Where and why a value is not what its field may hold. Internal: callers see ProtocolError.

import type { Path, Step } from "../msgpack/locate.js";
import { Float } from "../msgpack/read.js";
import { isBytes } from "../msgpack/bytes.js";
import { utf8Length } from "../msgpack/utf8.js";

/** A value that is not of its type. The codec finds its offset and throws a ProtocolError. */
export class Mismatch extends Error {
  readonly got: string;
  path: Path = [];

  constructor(
    readonly code: number,
    public expected: string,
    got: unknown,
    readonly limit?: number,
  ) {
    super(expected);
    this.got = describe(got);
  }

  /** The same mismatch as seen from one container further out. */
  at(step: Step): this {
    this.path = [step, ...this.path];
    return this;
  }
}

/** Names a value for an error: its type and size, never more than a few bytes of it. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : "float";
  if (value instanceof Float) return "float";
  if (typeof value === "string") return `str of ${utf8Length(value)} bytes`;
  if (isBytes(value)) return `bin of ${value.length} bytes`;
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (value instanceof Map) return `map of ${value.size}`;
  if (isObject(value)) return `map of ${Object.keys(value).length}`;
  return typeof value;
}

/** Whether a program's value is what becomes a map of the wire, which is read as a `Map`. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !isBytes(value) &&
  !(value instanceof Map);

/** What to throw on: of a mismatch, it as seen from one container further out. */
export const seenFrom = (error: unknown, step: Step): unknown =>
  error instanceof Mismatch ? error.at(step) : error;

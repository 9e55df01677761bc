// Where and why a value is not what its field may hold. Internal: callers see ProtocolError.

import type { Path, Step } from "../msgpack/locate.js";
import { Float } from "../msgpack/read.js";
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
  if (value instanceof Uint8Array) return `bin of ${value.length} bytes`;
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (isMap(value)) return `map of ${Object.keys(value).length}`;
  return typeof value;
}

/** Whether a value is what a map becomes. */
export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array) &&
  !(value instanceof Float);

/** Runs `convert`, and adds `step` to the path of the mismatch that it throws. */
export function within<T>(step: Step, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    throw error instanceof Mismatch ? error.at(step) : error;
  }
}

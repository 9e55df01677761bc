// Where a value lies in a message that `scan` has passed. Only errors ask, so it may take its time.

import { ARRAY, BIN, MAP, STR, WHAT, WIDTH, lengthAt } from "./heads.js";
import { textAt } from "./utf8.js";

/** A step of a path to a key itself, where a string leads to the key's value. */
export interface ToKey {
  readonly key: string;
}

/** One step of a path: an index, the key of a value, or to a key itself. */
export type Step = number | string | ToKey;

/** Indexes and keys that lead from a message's outermost array to a value. */
export type Path = readonly Step[];

/** Returns the offset of the value, or key, at `path` of a message that has it. */
export function locate(data: Uint8Array, path: Path): number {
  let offset = 0;
  for (const step of path) {
    offset = bodyOf(data, offset);
    offset = typeof step === "number" ? element(data, offset, step) : entry(data, offset, step);
  }
  return offset;
}

function element(data: Uint8Array, first: number, index: number): number {
  let offset = first;
  for (let skipped = 0; skipped < index; skipped++) offset = skip(data, offset);
  return offset;
}

function entry(data: Uint8Array, first: number, step: string | ToKey): number {
  const wanted = typeof step === "string" ? step : step.key;
  let key = first;
  let value = skip(data, key);
  while (textAt(data, bodyOf(data, key), value) !== wanted) {
    key = skip(data, value);
    value = skip(data, key);
  }
  return typeof step === "string" ? value : key;
}

const bodyOf = (data: Uint8Array, offset: number): number => offset + 1 + WIDTH[data[offset]!]!;

/** Returns where the value at `offset` ends. */
function skip(data: Uint8Array, offset: number): number {
  for (let remaining = 1; remaining > 0; remaining--) {
    const what = WHAT[data[offset]!];
    const body = bodyOf(data, offset);
    if (what === ARRAY) remaining += lengthAt(data, offset);
    if (what === MAP) remaining += 2 * lengthAt(data, offset);
    offset = what === STR || what === BIN ? body + lengthAt(data, offset) : body;
  }
  return offset;
}

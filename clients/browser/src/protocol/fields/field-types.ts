// Types of fields: what a value on the wire may be. Frames are declared with them.
//
// A field type turns what was read into the value that a frame holds (`load`), and back (`dump`).
// Both throw `Mismatch` with the path to the value that does not fit; the codec finds its offset.
// On the side of the wire maps are `Map`s, which keep the order of their keys.

import { ErrorCode } from "../error-codes.js";
import { MAX_ELEMENTS, MAX_GROUP, MAX_PLAYER, MAX_WORD } from "../limits.js";
import { isBytes } from "../msgpack/bytes.js";
import type { Step } from "../msgpack/locate.js";
import { isWellFormed, utf8Length } from "../msgpack/utf8.js";
import { Mismatch, isObject, seenFrom } from "./mismatch.js";

/** What a field may hold; `Out` when it comes from the wire, `In` when it goes there. */
export interface FieldType<Out, In = Out> {
  /** A phrase for error messages. */
  readonly expected: string;
  load(value: unknown): Out;
  dump(value: unknown): unknown;
  /** What its values are made of, for those who explain bytes. */
  readonly within?: Within | undefined;
  /** Never there: it only carries the type. */
  readonly in?: In;
}

/** A record by the wire's keys, an array of one type or of several, or names of numbers. */
export type Within =
  | { readonly keys: Readonly<Record<string, AnyType>> }
  | { readonly each: AnyType }
  | { readonly parts: readonly AnyType[] }
  | { readonly numbers: Readonly<Record<string, number>> }
  | "payload"
  | "target";

type AnyType = FieldType<unknown, unknown>;

export type Loaded<K> = K extends FieldType<infer Out, unknown> ? Out : never;
export type Dumped<K> = K extends FieldType<unknown, infer In> ? In : never;

/** Makes a field type whose values look the same on the wire and in a frame. */
function plain<T>(expected: string, load: (value: unknown) => T, within?: Within): FieldType<T> {
  return { expected, load, dump: load, within };
}

/** The same type, with what its values are made of. */
export const saying = <Out, In>(
  fieldType: FieldType<Out, In>,
  within: Within,
): FieldType<Out, In> => ({
  ...fieldType,
  within,
});

function wrong(expected: string, value: unknown): Mismatch {
  return new Mismatch(ErrorCode.WRONG_TYPE, expected, value);
}

/** Checks a number or a size, and returns `value`. */
function bounded<T>(value: T, size: number, low: number, high: number, expected: string): T {
  if (size >= low && size <= high) return value;
  throw new Mismatch(ErrorCode.OUT_OF_RANGE, expected, value, size < low ? low : high);
}

export function integer(low: number, high: number): FieldType<number> {
  const expected = `int ${low}..${high}`;
  return plain(expected, (value) => {
    if (!Number.isInteger(value)) throw wrong(expected, value);
    return bounded(value as number, value as number, low, high, expected);
  });
}

export const flag: FieldType<boolean> = plain("bool", (value) => {
  if (typeof value !== "boolean") throw wrong("bool", value);
  return value;
});

/** A str, measured in bytes of UTF-8. */
export function text(low: number, high: number): FieldType<string> {
  const expected = `str of ${low}..${high} bytes`;
  return plain(expected, (value) => {
    if (typeof value !== "string") throw wrong(expected, value);
    const size = utf8Length(value);
    if (size !== value.length && !isWellFormed(value))
      throw new Mismatch(ErrorCode.BAD_UTF8, expected, value);
    return bounded(value, size, low, high, expected);
  });
}

/** One of a few words. */
export function word<W extends string>(...words: readonly W[]): FieldType<W> {
  const expected = words.map((word) => `"${word}"`).join(" or ");
  return plain(expected, (value) => {
    if (typeof value !== "string") throw wrong(expected, value);
    if (words.includes(value as W)) return value as W;
    throw new Mismatch(ErrorCode.OUT_OF_RANGE, expected, value);
  });
}

export function binary(low: number, high: number): FieldType<Uint8Array> {
  const expected = low === high ? `bin of ${low} bytes` : `bin of ${low}..${high} bytes`;
  return plain(expected, (value) => {
    if (!isBytes(value)) throw wrong(expected, value);
    return bounded(value, value.length, low, high, expected);
  });
}

/** A value, or false where there is none. */
export function orFalse<T>(fieldType: FieldType<T>): FieldType<T | false> {
  const expected = `${fieldType.expected} or false`;
  return plain(
    expected,
    (value) => {
      if (value === false) return false;
      try {
        return fieldType.load(value);
      } catch (error) {
        if (error instanceof Mismatch) error.expected = expected;
        throw error;
      }
    },
    fieldType.within,
  );
}

/** An array of one type. */
export function several<T>(fieldType: FieldType<T>, high: number): FieldType<readonly T[]> {
  const expected = `array of up to ${high}: ${fieldType.expected}`;
  return plain(
    expected,
    (value) => {
      if (!Array.isArray(value)) throw wrong(expected, value);
      if (value.length > high) throw new Mismatch(ErrorCode.TOO_MANY, expected, value, high);
      return loadEach(value, () => fieldType) as T[];
    },
    { each: fieldType },
  );
}

/** An array of two fields. */
export function pair<A, B>(first: FieldType<A>, second: FieldType<B>): FieldType<readonly [A, B]> {
  const expected = `array of 2: ${first.expected}, ${second.expected}`;
  return plain(
    expected,
    (value) => {
      if (!Array.isArray(value) || value.length !== 2) throw wrong(expected, value);
      return loadEach(value, (index) => (index ? second : first)) as [A, B];
    },
    { parts: [first, second] },
  );
}

function loadEach(values: readonly unknown[], typeOf: (index: number) => FieldType<unknown>) {
  const loaded: unknown[] = [];
  for (let index = 0; index < values.length; index++) {
    try {
      loaded.push(typeOf(index).load(values[index]));
    } catch (error) {
      throw seenFrom(error, index);
    }
  }
  return loaded;
}

/** Of maps that were loaded, the keys in the wire's order: an object moves some to the front. */
const orders = new WeakMap<object, readonly string[]>();

type Words<T> = Readonly<Record<string, T>>;

/** A map from any words to one type. */
export function mapped<T>(fieldType: FieldType<T>, high: number): FieldType<Words<T>> {
  const expected = `map of up to ${high} words to ${fieldType.expected}`;
  const each = entriesOf(fieldType);
  const bound = (value: unknown, size: number): void => {
    if (size > high) throw new Mismatch(ErrorCode.TOO_MANY, expected, value, high);
  };
  return {
    expected,
    load(value) {
      if (!(value instanceof Map)) throw wrong(expected, value);
      bound(value, value.size);
      const loaded = Object.freeze(Object.fromEntries(each(value)));
      orders.set(loaded, [...value.keys()]);
      return loaded;
    },
    dump(value) {
      if (!isObject(value)) throw wrong(expected, value);
      const words = orders.get(value) ?? Object.keys(value);
      bound(value, words.length);
      return each(words.map((word) => [word, value[word]]));
    },
  };
}

/** Checks words and what they stand for, in the order in which they come. */
const entriesOf =
  <T>(fieldType: FieldType<T>) =>
  (entries: Iterable<[string, unknown]>): Map<string, T> => {
    const checked = new Map<string, T>();
    for (const [word, element] of entries) {
      let step: Step = { key: word };
      try {
        wordOfMap.load(word);
        step = word;
        checked.set(word, fieldType.load(element));
      } catch (error) {
        throw seenFrom(error, step);
      }
    }
    return checked;
  };

const wordOfMap = text(1, MAX_WORD);

/** The first of two types that fits. */
export function either<A, B, InB>(
  first: FieldType<A>,
  second: FieldType<B, InB>,
): FieldType<A | B, A | InB> {
  const expected = `${first.expected} or ${second.expected}`;
  const attempt = (value: unknown, method: "load" | "dump"): unknown => {
    for (const fieldType of [first, second]) {
      try {
        return fieldType[method](value);
      } catch (error) {
        // With a path, the value is of this type but for something inside it.
        if (!(error instanceof Mismatch) || error.path.length > 0) throw error;
      }
    }
    throw wrong(expected, value);
  };
  return {
    expected,
    within: second.within,
    load: (value) => attempt(value, "load") as A | B,
    dump: (value) => attempt(value, "dump"),
  };
}

/**
 * Who a payload is for: null or false all others, true everyone, 0 the host, n player n, -g the
 * subscribers of group g, or several players.
 */
export type WireTarget = null | boolean | number | readonly number[];

const onePlayerOrGroup = integer(-MAX_GROUP, MAX_PLAYER);
const severalPlayers = several(integer(1, MAX_PLAYER), MAX_ELEMENTS);

export const target: FieldType<WireTarget> = plain(
  "target: nil, bool, int or array of players",
  (value) => {
    if (value === null || typeof value === "boolean") return value;
    if (Number.isInteger(value)) return onePlayerOrGroup.load(value);
    if (Array.isArray(value)) return severalPlayers.load(value);
    throw wrong(target.expected, value);
  },
  "target",
);

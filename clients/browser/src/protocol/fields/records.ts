// Records: the maps inside frames. Their keys are snake_case on the wire and camelCase here.
// Over the wire they are `Map`s, here they are plain objects.

import { ErrorCode } from "../error-codes.js";
import type { Dumped, FieldType, Loaded } from "./field-types.js";
import { Mismatch, isObject, seenFrom } from "./mismatch.js";
import { snake } from "./snake.js";

/** One key of a record. */
export interface Entry<Out, In = Out> {
  readonly fieldType: FieldType<NonNullable<Out>, NonNullable<In>>;
  readonly required: boolean;
  /** What a key that is not there stands for. */
  readonly absent: Out | undefined;
}

export type Entries = Readonly<Record<string, Entry<unknown, unknown>>>;

type EntryType<E> = E extends { fieldType: infer K } ? K : never;
type Required<E> = { [N in keyof E]: E[N] extends { required: true } ? N : never }[keyof E];

/** A record as it comes: every key has a value. */
export type RecordOf<E extends Entries> = {
  readonly [N in keyof E]: E[N] extends { absent: undefined; required: false }
    ? Loaded<EntryType<E[N]>> | undefined
    : Loaded<EntryType<E[N]>>;
};

/** A record as it goes: keys may be left out. */
export type PartOf<E extends Entries> = {
  readonly [N in Exclude<keyof E, Required<E>>]?: Dumped<EntryType<E[N]>> | undefined;
} & { readonly [N in Required<E>]: Dumped<EntryType<E[N]>> };

export const required = <Out, In>(fieldType: FieldType<Out, In>) =>
  ({ fieldType, required: true, absent: undefined }) as const;

export const optional = <Out, In>(fieldType: FieldType<Out, In>) =>
  ({ fieldType, required: false, absent: undefined }) as const;

export const byDefault = <Out, In>(
  fieldType: FieldType<Out, In>,
  absent: Out,
): { fieldType: FieldType<Out, In>; required: false; absent: Out } => ({
  fieldType,
  required: false,
  absent,
});

/**
 * A map with known keys. Keys at their default are left out; unknown keys are ignored, so that
 * either side may learn new ones first.
 */
export function record<E extends Entries>(entries: E): FieldType<RecordOf<E>, PartOf<E>> {
  const keys = Object.entries(entries).map(([name, { fieldType, required, absent }]) => ({
    name,
    wire: snake(name),
    fieldType,
    required,
    absent,
    omitted: absent === undefined ? undefined : fieldType.dump(absent),
  }));
  return {
    expected: "map",
    within: { keys: Object.fromEntries(keys.map(({ wire, fieldType }) => [wire, fieldType])) },
    load(value) {
      if (!(value instanceof Map)) throw new Mismatch(ErrorCode.WRONG_TYPE, "map", value);
      const loaded: Record<string, unknown> = {};
      for (const { name, wire, fieldType, required, absent } of keys) {
        const element: unknown = value.get(wire); // nil is null
        if (element !== undefined) loaded[name] = converted(fieldType, "load", element, wire);
        else if (!required) loaded[name] = absent;
        else throw new Mismatch(ErrorCode.WRONG_TYPE, `map with key "${wire}"`, value);
      }
      return loaded as RecordOf<E>;
    },
    dump(value) {
      if (!isObject(value)) throw new Mismatch(ErrorCode.WRONG_TYPE, "map", value);
      const held: Record<string, unknown> = value;
      const dumped = new Map<string, unknown>();
      for (const { name, wire, fieldType, required, omitted } of keys) {
        if (held[name] === undefined && !required) continue;
        const element = converted(fieldType, "dump", held[name], wire);
        if (required || !isSame(element, omitted)) dumped.set(wire, element);
      }
      return dumped;
    },
  };
}

function converted(
  fieldType: FieldType<unknown, unknown>,
  way: "load" | "dump",
  value: unknown,
  step: string,
): unknown {
  try {
    return fieldType[way](value);
  } catch (error) {
    throw seenFrom(error, step);
  }
}

/** Whether a value is a default, as the wire has both. Arrays and maps are empty by default. */
function isSame(value: unknown, omitted: unknown): boolean {
  return value === omitted || (isEmpty(value) && isEmpty(omitted));
}

const isEmpty = (value: unknown): boolean =>
  (Array.isArray(value) && value.length === 0) || (value instanceof Map && value.size === 0);

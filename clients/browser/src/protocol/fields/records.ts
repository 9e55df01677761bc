// Records: the maps inside frames. Their keys are snake_case on the wire and camelCase here.

import { ErrorCode } from "../error-codes.js";
import type { Dumped, FieldType, Loaded } from "./field-types.js";
import { Mismatch, isMap, within } from "./mismatch.js";
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

export const byDefault = <Out, In>(fieldType: FieldType<Out, In>, absent: Out) =>
  ({ fieldType, required: false, absent }) as { fieldType: FieldType<Out, In>; required: false; absent: Out };

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
    omitted: absent === undefined ? undefined : JSON.stringify(fieldType.dump(absent)),
  }));
  return {
    expected: "map",
    load(value) {
      const map = asMap(value);
      const loaded: Record<string, unknown> = {};
      for (const { name, wire, fieldType, required, absent } of keys) {
        if (Object.hasOwn(map, wire)) loaded[name] = within(wire, () => fieldType.load(map[wire]));
        else if (required)
          throw new Mismatch(ErrorCode.WRONG_TYPE, `map with key "${wire}"`, value);
        else loaded[name] = absent;
      }
      return loaded as RecordOf<E>;
    },
    dump(value) {
      const held = asMap(value);
      const dumped: Record<string, unknown> = {};
      for (const { name, wire, fieldType, required, omitted } of keys) {
        if (held[name] === undefined && !required) continue;
        const element = within(wire, () => fieldType.dump(held[name]));
        if (required || JSON.stringify(element) !== omitted) dumped[wire] = element;
      }
      return dumped;
    },
  };
}

function asMap(value: unknown): Record<string, unknown> {
  if (isMap(value)) return value;
  throw new Mismatch(ErrorCode.WRONG_TYPE, "map", value);
}

// Records: the maps inside frames. Their keys are snake_case on the wire and camelCase here.

import { ErrorCode } from "../error-codes.js";
import type { Dumped, Kind, Loaded } from "./field-types.js";
import { Mismatch, isMap, within } from "./mismatch.js";

/** One key of a record. */
export interface Entry<Out, In = Out> {
  readonly kind: Kind<NonNullable<Out>, NonNullable<In>>;
  readonly required: boolean;
  /** What a key that is not there stands for. */
  readonly absent: Out | undefined;
}

export type Entries = Readonly<Record<string, Entry<unknown, unknown>>>;

type EntryKind<E> = E extends { kind: infer K } ? K : never;
type Required<E> = { [N in keyof E]: E[N] extends { required: true } ? N : never }[keyof E];

/** A record as it comes: every key has a value. */
export type RecordOf<E extends Entries> = {
  readonly [N in keyof E]: E[N] extends { absent: undefined; required: false }
    ? Loaded<EntryKind<E[N]>> | undefined
    : Loaded<EntryKind<E[N]>>;
};

/** A record as it goes: keys may be left out. */
export type PartOf<E extends Entries> = {
  readonly [N in Exclude<keyof E, Required<E>>]?: Dumped<EntryKind<E[N]>> | undefined;
} & { readonly [N in Required<E>]: Dumped<EntryKind<E[N]>> };

export const required = <Out, In>(kind: Kind<Out, In>) =>
  ({ kind, required: true, absent: undefined }) as const;

export const optional = <Out, In>(kind: Kind<Out, In>) =>
  ({ kind, required: false, absent: undefined }) as const;

export const byDefault = <Out, In>(kind: Kind<Out, In>, absent: Out) =>
  ({ kind, required: false, absent }) as { kind: Kind<Out, In>; required: false; absent: Out };

/**
 * A map with known keys. Keys at their default are left out; unknown keys are ignored, so that
 * either side may learn new ones first.
 */
export function record<E extends Entries>(entries: E): Kind<RecordOf<E>, PartOf<E>> {
  const keys = Object.entries(entries).map(([name, { kind, required, absent }]) => ({
    name,
    wire: snake(name),
    kind,
    required,
    absent,
    omitted: absent === undefined ? undefined : JSON.stringify(kind.dump(absent)),
  }));
  return {
    expected: "map",
    load(value) {
      const map = asMap(value);
      const loaded: Record<string, unknown> = {};
      for (const { name, wire, kind, required, absent } of keys) {
        if (Object.hasOwn(map, wire)) loaded[name] = within(wire, () => kind.load(map[wire]));
        else if (required)
          throw new Mismatch(ErrorCode.WRONG_TYPE, `map with key "${wire}"`, value);
        else loaded[name] = absent;
      }
      return loaded as RecordOf<E>;
    },
    dump(value) {
      const held = asMap(value);
      const dumped: Record<string, unknown> = {};
      for (const { name, wire, kind, required, omitted } of keys) {
        if (held[name] === undefined && !required) continue;
        const element = within(wire, () => kind.dump(held[name]));
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

const snake = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

// Seeded chance, so that a failure is the same for everyone, and damage done with it.

export type Random = () => number;

/** A small generator with a seed (mulberry32). */
export function randomOf(seed: number): Random {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 on, below `bound`. */
export const below = (random: Random, bound: number): number => Math.floor(random() * bound);

export const oneOf = <T>(random: Random, from: readonly T[]): T =>
  from[below(random, from.length)]!;

/** The message with a byte cut off behind, put in, taken out or changed. */
export function damaged(message: Uint8Array, random: Random): Uint8Array {
  const at = below(random, message.length);
  // Heads, mostly: they decide what the rest is.
  const byte = random() < 0.5 ? 0x80 + below(random, 0x80) : below(random, 256);
  switch (below(random, 4)) {
    case 0:
      return message.slice(0, at);
    case 1:
      return joined(message.subarray(0, at), [byte], message.subarray(at));
    case 2:
      return joined(message.subarray(0, at), [], message.subarray(at + 1));
    default:
      return joined(message.subarray(0, at), [byte], message.subarray(at + 1));
  }
}

function joined(before: Uint8Array, between: readonly number[], after: Uint8Array): Uint8Array {
  const whole = new Uint8Array(before.length + between.length + after.length);
  whole.set(before);
  whole.set(between, before.length);
  whole.set(after, before.length + between.length);
  return whole;
}

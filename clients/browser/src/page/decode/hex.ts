// Bytes as hex and back.

/** One byte: "0A". */
export const hexOfByte = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, "0");

export const hexOf = (data: Uint8Array, between = ""): string =>
  Array.from(data, hexOfByte).join(between);

/** Hex without anything between; null if it is none. */
export function bytesOfHex(text: string): Uint8Array | null {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

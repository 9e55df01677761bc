/** Whether a value is a Uint8Array, of another realm too: of jsdom, or of a `vm` context. */
export const isBytes = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array ||
  (ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]");

/**
 * A view of the same bytes that is of this realm.
 *
 * @throws TypeError if it is no Uint8Array
 */
export function ownBytes(data: Uint8Array): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (isBytes(data)) {
    const { buffer, byteOffset, length } = data as Uint8Array;
    return new Uint8Array(buffer, byteOffset, length);
  }
  throw new TypeError(`a Uint8Array was expected, not ${Object.prototype.toString.call(data)}`);
}

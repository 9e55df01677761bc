// A game's values in and out of payloads, within the interop profile: what Python reads alike.

import { Encoder } from "@msgpack/msgpack";
import { ErrorCode } from "../error-codes.js";
import { LocalProtocolError, RemoteProtocolError } from "../errors.js";
import { read } from "./read.js";
import { scan } from "./scan.js";
import { isWellFormed } from "./utf8.js";

/**
 * Packs null, booleans, numbers, strings, Uint8Array, arrays and plain objects of them. A key
 * whose value is undefined is left out, as in JSON.
 *
 * @throws LocalProtocolError if the value has no form that JavaScript and Python agree about
 */
export function pack(value: unknown): Uint8Array<ArrayBuffer> {
  const packed = encodeValue(value);
  try {
    scan(packed);
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    throw new LocalProtocolError(error.code, error.text, { ...error, offset: undefined });
  }
  return packed;
}

/**
 * Unpacks what another client packed.
 *
 * @throws RemoteProtocolError if the payload is not one value within the interop profile
 */
export function unpack(payload: Uint8Array): unknown {
  scan(payload);
  return read(payload);
}

function encodeValue(value: unknown): Uint8Array<ArrayBuffer> {
  checkText(value);
  try {
    return encoder.encode(value);
  } catch (error) {
    if (error instanceof LocalProtocolError) throw error;
    // All else that the library finds is that it nests too deep, perhaps into itself.
    throw new LocalProtocolError(
      ErrorCode.TOO_DEEP,
      "the value cannot be packed: it goes too deep",
    );
  }
}

// The library asks this about every object. Left alone, it would pack a Map or a Set as an empty
// map and a Float32Array as its bytes: a surprise for whoever unpacks it.
const plainOnly = {
  tryToEncode(object: unknown): null {
    if (object instanceof Uint8Array) return null;
    if (!isPlain(object)) {
      throw cannot(`a ${Object.prototype.toString.call(object).slice(8, -1)} is no plain value`);
    }
    for (const [key, value] of Object.entries(object)) {
      checkText(key);
      checkText(value);
    }
    return null;
  },
  decode(): never {
    throw new Error("this codec only encodes");
  },
};

const encoder = new Encoder({ ignoreUndefined: true, extensionCodec: plainOnly });

/** Whether it is an array, or an object that was written as `{...}`. */
function isPlain(object: unknown): object is object {
  if (Array.isArray(object)) return true;
  if (typeof object !== "object" || object === null) return false;
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

// The library would replace half a surrogate pair, or write it as it is, by the string's length.
function checkText(value: unknown): void {
  if (typeof value !== "string" || isWellFormed(value)) return;
  throw new LocalProtocolError(ErrorCode.BAD_UTF8, "a string has half a surrogate pair");
}

const cannot = (why: string): LocalProtocolError =>
  new LocalProtocolError(ErrorCode.WRONG_TYPE, `the value cannot be packed: ${why}`);

// A game's values in and out of payloads, within the interop profile: what Python reads alike.

import { read } from "./read.js";
import { write } from "./write.js";

/**
 * Packs null, booleans, numbers, strings, Uint8Array, arrays and plain objects of them. A key
 * whose value is undefined is left out, as in JSON. A whole number is packed as an int, as
 * JavaScript does not tell 1.0 from 1, and so is -0.
 *
 * @throws LocalProtocolError if the value has no form that JavaScript and Python agree about; what
 *   a getter of the value throws comes through
 */
export const pack = (value: unknown): Uint8Array<ArrayBuffer> => write(value);

/**
 * Unpacks what another client packed.
 *
 * @throws RemoteProtocolError if the payload is not one value within the interop profile
 */
export const unpack = (payload: Uint8Array): unknown => read(payload);

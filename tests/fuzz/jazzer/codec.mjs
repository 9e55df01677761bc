// The TypeScript codec under jazzer.js: frames of both directions, and payloads.
//
// The first byte says what the rest is read as, as for the Python codec: both share a corpus.

import assert from "node:assert";
import { decode, encode } from "../../../clients/browser/src/protocol/codec.js";
import { RemoteProtocolError } from "../../../clients/browser/src/protocol/errors.js";
import { pack, unpack } from "../../../clients/browser/src/protocol/msgpack/payload.js";

const CODECS = [
  { read: (data) => decode(data, "client"), write: encode },
  { read: (data) => decode(data, "relay"), write: encode },
  { read: unpack, write: pack },
];

/** Only our own error may come out, and what is accepted can be encoded anew. */
export function fuzz(data) {
  if (!data.length) return;
  const { read, write } = CODECS[data[0] % CODECS.length];
  const message = new Uint8Array(data.subarray(1));
  let value;
  try {
    value = read(message);
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    assert(error.offset >= 0 && error.offset <= message.length, `offset ${error.offset}`);
    return;
  }
  if (value?.type === "Unknown") return;
  const again = write(value);
  assert.deepStrictEqual(write(read(again)), again);
}

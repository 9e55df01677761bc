// Values out of a message that `scan` has passed.
//
// @msgpack/msgpack encodes for us, but this reads: to that library's decoder 1.0 is 1, which a
// frame must tell apart, and a long text loses a leading U+FEFF. After the scan nothing can be
// wrong any more, so there is little left to do.

import { ARRAY, BIN, MAP, STR, WHAT, WIDTH, lengthAt } from "./heads.js";
import { textAt } from "./utf8.js";

/** A float of a frame, which must not pass for an int there. */
export class Float {
  constructor(readonly value: number) {}
}

/** Reads the value that fills `data`. With `boxed`, floats come as `Float`. */
export function read(data: Uint8Array, boxed = false): unknown {
  return new Reader(data, boxed).value();
}

class Reader {
  private readonly view: DataView;
  private offset = 0;

  constructor(
    private readonly data: Uint8Array,
    private readonly boxed: boolean,
  ) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  value(): unknown {
    const at = this.offset;
    const head = this.data[at]!;
    const body = at + 1 + WIDTH[head]!;
    this.offset = body;
    switch (WHAT[head]) {
      case STR:
        this.offset = body + lengthAt(this.data, at);
        return textAt(this.data, body, this.offset);
      case BIN:
        this.offset = body + lengthAt(this.data, at);
        return this.data.subarray(body, this.offset);
      case ARRAY:
        return Array.from({ length: lengthAt(this.data, at) }, () => this.value());
      case MAP:
        return Object.fromEntries(
          Array.from({ length: lengthAt(this.data, at) }, () => [this.value(), this.value()]),
        );
      default:
        return this.leaf(head, at + 1);
    }
  }

  private leaf(head: number, body: number): unknown {
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.float(this.view.getFloat32(body));
      case 0xcb:
        return this.float(this.view.getFloat64(body));
      default:
        return this.integer(head, body);
    }
  }

  private integer(head: number, body: number): number {
    switch (head) {
      case 0xcc:
        return this.view.getUint8(body);
      case 0xcd:
        return this.view.getUint16(body);
      case 0xce:
        return this.view.getUint32(body);
      case 0xd0:
        return this.view.getInt8(body);
      case 0xd1:
        return this.view.getInt16(body);
      case 0xd2:
        return this.view.getInt32(body);
      case 0xcf:
        return Number(this.view.getBigUint64(body));
      default:
        return Number(this.view.getBigInt64(body));
    }
  }

  private float(value: number): unknown {
    return this.boxed ? new Float(value) : value;
  }
}

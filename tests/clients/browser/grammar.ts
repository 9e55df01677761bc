// Prints what the TypeScript codec declares, for test_mirror.py to compare with the grammar.

import { CloseCode, mayReturn } from "../../../clients/browser/src/protocol/close-codes.js";
import { ErrorCode } from "../../../clients/browser/src/protocol/error-codes.js";
import type { FieldType } from "../../../clients/browser/src/protocol/fields/field-types.js";
import { Mismatch } from "../../../clients/browser/src/protocol/fields/mismatch.js";
import {
  CLIENT_FRAMES,
  type Declarations,
  LeftReason,
  NoticeKind,
  PresenceState,
  RELAY_FRAMES,
} from "../../../clients/browser/src/protocol/frames.js";
import * as limits from "../../../clients/browser/src/protocol/limits.js";
import { COUNTED, Opcode } from "../../../clients/browser/src/protocol/opcodes.js";

type Field = FieldType<unknown, unknown>;
type Told = string | { readonly [key: string]: Told };

/** A value that fits no type. */
const MISFIT = Symbol();

/** Values of the keys that a record cannot do without. */
const REQUIRED: Readonly<Record<string, unknown>> = { epoch: new Uint8Array(8), room: "R" };

/** A record as it is read: it notes which keys are asked for, and has a value for one of them. */
class Asked extends Map<string, unknown> {
  readonly keysAsked: string[] = [];

  constructor(
    readonly key?: string,
    readonly value?: unknown,
  ) {
    super();
  }

  override get(key: string): unknown {
    this.keysAsked.push(key);
    return key === this.key ? this.value : REQUIRED[key];
  }
}

/** Returns what is expected at a place; of a record, what is expected of each of its keys. */
function told(load: (value: unknown) => unknown): Told {
  const expected = expectedBy(load);
  if (!/\bmap$/.test(expected)) return expected;
  const asked = new Asked();
  load(asked);
  return Object.fromEntries(
    asked.keysAsked.map((key) => [key, told((value) => load(new Asked(key, value)))]),
  );
}

function expectedBy(load: (value: unknown) => unknown): string {
  try {
    load(MISFIT);
  } catch (error) {
    if (error instanceof Mismatch) return error.expected;
  }
  throw new Error("a field takes anything");
}

const frames = (declarations: Declarations) =>
  Object.entries(declarations).map(([name, { opcode, fields }]) => ({
    name,
    opcode,
    fields: Object.entries(fields).map(([field, fieldType]) => [field, told((value) => fieldType.load(value))]),
  }));

/** Returns the keys of a record at their defaults; bytes and absent keys are left out. */
const defaults = (fieldType: Field) => fieldType.load(new Asked());

const report = {
  frames: { client: frames(CLIENT_FRAMES), relay: frames(RELAY_FRAMES) },
  defaults: {
    HelloOptions: defaults(CLIENT_FRAMES.Hello.fields.options),
    Session: defaults(RELAY_FRAMES.Welcome.fields.session),
    PlayerInfo: defaults(RELAY_FRAMES.Joined.fields.info),
    ErrorDetail: defaults(RELAY_FRAMES.Error.fields.detail),
    NoticeDetail: defaults(RELAY_FRAMES.Notice.fields.detail),
  },
  counted: [...COUNTED],
  numbers: { Opcode, ErrorCode, LeftReason, NoticeKind, PresenceState },
  closeCodes: Object.entries(CloseCode).map(([name, code]) => [name, code, mayReturn(code)]),
  limits: { ...limits },
};

process.stdout.write(JSON.stringify(report));

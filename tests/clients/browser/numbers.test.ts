// The numbers of the wire, against the Python text that declares them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CloseCode } from "../../../clients/browser/src/protocol/close-codes.js";
import { ErrorCode } from "../../../clients/browser/src/protocol/error-codes.js";
import {
  LeftReason,
  NoticeKind,
  PresenceState,
} from "../../../clients/browser/src/protocol/frames.js";
import * as limits from "../../../clients/browser/src/protocol/limits.js";
import { Opcode } from "../../../clients/browser/src/protocol/opcodes.js";
import * as version from "../../../clients/browser/src/protocol/version.js";

const python = (module: string): string => readFileSync(`protocol/${module}.py`, "utf8");

/** `NAME = number` lines of an enum's class, or of a whole module. */
function numbers(text: string, indent: string): Record<string, number> {
  const lines = text.matchAll(new RegExp(`^${indent}([A-Z_0-9]+) = ([0-9A-FxX*+\\- ]+)`, "gm"));
  return Object.fromEntries(Array.from(lines, ([, name, number]) => [name, compute(number!)]));
}

const compute = (expression: string): number => Number(new Function(`return ${expression}`)());

function classOf(module: string, name: string): string {
  const [, body] =
    new RegExp(`^class ${name}\\(.*\\n((?:[ ]{4}.*\\n|\\n)+)`, "m").exec(python(module)) ?? [];
  assert.ok(body, `${name} is in protocol/${module}.py`);
  return body;
}

for (const [module, name, ours] of [
  ["opcodes", "Opcode", Opcode],
  ["close_codes", "CloseCode", CloseCode],
  ["error_codes", "ErrorCode", ErrorCode],
  ["fields/numbers", "PresenceState", PresenceState],
  ["fields/numbers", "LeftReason", LeftReason],
  ["fields/numbers", "NoticeKind", NoticeKind],
] as const) {
  test(`${name} has Python's numbers`, () => {
    assert.deepEqual({ ...ours }, numbers(classOf(module, name), "    "));
  });
}

test("limits have Python's numbers", () => {
  const theirs = numbers(python("limits"), "");
  for (const [name, limit] of Object.entries(limits)) assert.equal(limit, theirs[name], name);
});

test("the version of the wire is Python's", () => {
  const theirs = numbers(python("__init__"), "");
  assert.equal(version.WIRE_VERSION, theirs["WIRE_VERSION"]);
  assert.equal(version.WIRE_VERSION_MIN, theirs["WIRE_VERSION_MIN"]);
  assert.match(python("__init__"), new RegExp(`SUBPROTOCOL = "${version.SUBPROTOCOL}"`));
});

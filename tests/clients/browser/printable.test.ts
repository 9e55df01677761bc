import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Kicked,
  LobbyRefused,
  Unreachable,
  closedBy,
  entryError,
} from "../../../clients/browser/src/errors.js";
import { parseAddress } from "../../../clients/browser/src/core/address.js";
import { CloseCode } from "../../../clients/browser/src/protocol/close-codes.js";
import { RemoteProtocolError } from "../../../clients/browser/src/protocol/errors.js";
import { printable } from "../../../clients/browser/src/protocol/printable.js";

test("what acts on its surroundings is written out", () => {
  for (const [text, shown] of [
    ["Zoë says: 你好, שלום, 👩‍👩‍👧!", "Zoë says: 你好, שלום, 👩‍👩‍👧!"],
    ["\x1b]0;mine\x07", "\\x1b]0;mine\\x07"],
    ["a\r\nb\tc\0\x7f\x9b", "a\\x0d\\x0ab\\x09c\\x00\\x7f\\x9b"],
    ["\u202eevil\u2066\u2028\ufeff", "\\u202eevil\\u2066\\u2028\\ufeff"],
    ["tag \u{e0041}", "tag \\U000e0041"],
    ["half \ud83e", "half \\ud83e"],
  ] as const) {
    assert.equal(printable(text), shown);
  }
});

const ACTING = /[\p{Cc}\u202e]/u;
const EVIL = "\x1b[2J\u202e";

for (const [what, make] of [
  ["of the wire", () => new RemoteProtocolError(1, EVIL, { expected: EVIL, got: EVIL })],
  ["of a kick with a reason", () => entryError(closedBy(CloseCode.KICKED, EVIL, EVIL))],
  ["of a lobby", () => new LobbyRefused(409, EVIL)],
  ["of a relay that is none", () => new Unreachable(EVIL)],
] as const) {
  test(`an error ${what} shows no control characters`, () => {
    const error = make();
    assert.doesNotMatch(String(error), ACTING);
    assert.match(String(error), /\\x1b\[2J\\u202e/);
  });
}

test("the words themselves are kept for programs", () => {
  const error = entryError(closedBy(CloseCode.KICKED, EVIL));
  assert.ok(error instanceof Kicked);
  assert.equal(error.reason, EVIL);
  assert.equal(new LobbyRefused(409, EVIL).text, EVIL);
});

test("an address that is none is shown without control characters", () => {
  for (const [url, room] of [[`ftp://x/${EVIL}`], ["localhost", EVIL], [EVIL]] as const) {
    assert.throws(() => parseAddress(url, room), (error) => !ACTING.test(String(error)));
  }
});

test("who was removed is not told a wrong name for who did it: an operator kicks, too", () => {
  assert.match(closedBy(CloseCode.KICKED).text, /host or the operator/);
});

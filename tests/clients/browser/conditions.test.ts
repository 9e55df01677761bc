// What a link asks for in vain is said in a sentence.

import assert from "node:assert/strict";
import { test } from "node:test";
import { unheard } from "../../../clients/browser/src/core/conditions.js";
import type { RoomOptions } from "../../../clients/browser/src/protocol/frames.js";
import { welcome } from "./frames.js";

const LINK = "ws://h/r/R?chaos=train-wifi&seed=42";
const { options } = welcome().session;
const roomWith = (chaos: boolean): RoomOptions => ({ ...options, chaos });

for (const [url, isAllowed, isShaped, says] of [
  ["ws://h/r/R", false, false, /^$/],
  [LINK, true, true, /^$/],
  [LINK, false, false, /^room R does not let links ask .*, so chaos=train-wifi&seed=42 changes/],
  [LINK, false, true, /^room R does not let links/],
  [LINK, true, false, /^room R lets links ask for a bad network, but the relay applies none/],
] as const) {
  test(`${url}, allowed: ${isAllowed}, shaped: ${isShaped}`, () => {
    assert.match(unheard(url, "R", roomWith(isAllowed), isShaped), says);
  });
}

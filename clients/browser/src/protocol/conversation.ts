// Which frame of a relay may come when: SPEC 9, as far as a client must judge it.

import { ErrorCode } from "./error-codes.js";
import { RemoteProtocolError } from "./errors.js";
import type { RelayFrame } from "./frames.js";

type Type = RelayFrame["type"];

/** What a relay may say before WELCOME. */
const BEFORE_WELCOME: ReadonlySet<Type> = new Set<Type>(["Welcome", "Error", "Notice", "Unknown"]);

/**
 * Judges a frame by its moment: WELCOME comes first and once, and LIVE once after it.
 *
 * @throws RemoteProtocolError if it cannot come then
 */
export function checkTurn(type: Type, isInRoom: boolean, isLive: boolean): void {
  const mayCome = isInRoom
    ? type !== "Welcome" && !(isLive && type === "Live")
    : BEFORE_WELCOME.has(type);
  if (mayCome) return;
  const state = isLive ? "LIVE" : isInRoom ? "CATCHING_UP" : "GREETED";
  throw new RemoteProtocolError(ErrorCode.UNEXPECTED, `${type} cannot come in state ${state}`);
}

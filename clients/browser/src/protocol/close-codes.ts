/**
 * WebSocket close codes of Roomwire. The range of a private code is the advice:
 *
 * 4000-4499  come back: reconnect and resume the seat
 * 4500-4999  stay away: reconnecting cannot help, the seat is given up
 */
export const CloseCode = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  TEXT_REFUSED: 1003,
  TOO_BIG: 1009,
  RELAY_FAULT: 1011,
  DRAIN: 1012,

  NO_HELLO: 4000,
  SILENT: 4001,
  TOO_SLOW: 4002,
  TOO_FAST: 4003,
  RELAY_FULL: 4004,
  MOVED: 4005,

  BAD_FRAMES: 4500,
  VERSION: 4501,
  REPLACED: 4502,
  KICKED: 4503,
  ROOM_FULL: 4504,
  LOCKED: 4505,
  WRONG_PASSWORD: 4506,
  NO_SUCH_ROOM: 4507,
  NOT_ADMITTED: 4508,
  OTHER_APP: 4509,
  FRAME_SIZE: 4510,
} as const;

/** What the WebSocket standard calls an end without a close frame. */
export const ABNORMAL = 1006;

/** Standard codes after which the same client would only meet the same end again. */
const STAY_AWAY: ReadonlySet<number> = new Set([
  CloseCode.NORMAL,
  CloseCode.TEXT_REFUSED,
  CloseCode.TOO_BIG,
]);

/** Whether a client should reconnect after this close code. */
export const mayReturn = (code: number): boolean =>
  !STAY_AWAY.has(code) && !(code >= 4500 && code <= 4999);

const NAMES = new Map<number, string>(
  Object.entries(CloseCode).map(([name, code]) => [code, name.toLowerCase()]),
);

/** The machine-readable reason that goes with a code; "lost" where the connection just ended. */
export const closeName = (code: number): string => NAMES.get(code) ?? "lost";

/** What each code means to a human, and what may be done about it. */
const MEANINGS: Record<number, readonly [what: string, advice?: string]> = {
  [CloseCode.NORMAL]: ["You left the room."],
  [CloseCode.TEXT_REFUSED]: ["A text message was sent, and the relay takes binary ones only."],
  [CloseCode.TOO_BIG]: ["A message was larger than the relay takes.", "Send less at once."],
  [CloseCode.BAD_FRAMES]: ["The relay got too many malformed frames."],
  [CloseCode.VERSION]: [
    "Client and relay speak different versions of the wire.",
    "Update one of them.",
  ],
  [CloseCode.REPLACED]: ["This seat was taken over in another tab or window."],
  [CloseCode.KICKED]: ["The host or the operator removed you from the room."],
  [CloseCode.ROOM_FULL]: ["The room is full.", "Wait for a place, or try another room."],
  [CloseCode.LOCKED]: ["The room is locked.", "Its host can unlock it."],
  [CloseCode.WRONG_PASSWORD]: ["The password is wrong."],
  [CloseCode.NO_SUCH_ROOM]: ["There is no such room.", "Is the code right?"],
  [CloseCode.NOT_ADMITTED]: ["The game did not admit you to the room: check the name and the ticket."],
  [CloseCode.OTHER_APP]: ["The room plays another game, or another version of it."],
  [CloseCode.FRAME_SIZE]: ["The room's messages may be larger than this client takes."],
};

/** A sentence or two for a human about a close: what the relay said of it, if it did, and advice. */
export function explainClose(code: number, said = ""): string {
  const [what, advice] = MEANINGS[code] ?? ["The connection to the relay ended."];
  return [said ? sentence(said) : what, advice ?? ""].join(" ").trim();
}

const sentence = (text: string): string =>
  text[0]!.toUpperCase() + text.slice(1).replace(/[.]?$/, ".");

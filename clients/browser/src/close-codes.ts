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

const SENTENCES: Record<number, string> = {
  [CloseCode.NORMAL]: "You left the room.",
  [CloseCode.GOING_AWAY]: "The connection was closed.",
  [CloseCode.TEXT_REFUSED]: "The relay takes binary messages only.",
  [CloseCode.TOO_BIG]: "A message was bigger than the relay takes.",
  [CloseCode.RELAY_FAULT]: "The relay met a fault of its own.",
  [CloseCode.DRAIN]: "The relay is restarting.",
  [CloseCode.NO_HELLO]: "The relay waited in vain for this client to introduce itself.",
  [CloseCode.SILENT]: "The relay heard nothing from this client for too long.",
  [CloseCode.TOO_SLOW]: "This connection was too slow for the room.",
  [CloseCode.TOO_FAST]: "This client sent too much for too long.",
  [CloseCode.RELAY_FULL]: "The relay is full.",
  [CloseCode.MOVED]: "The room has moved to another relay.",
  [CloseCode.BAD_FRAMES]: "This client and the relay do not understand each other.",
  [CloseCode.VERSION]: "This client and the relay speak different versions of the wire.",
  [CloseCode.REPLACED]: "This seat was taken over in another tab or window.",
  [CloseCode.KICKED]: "The host removed you from the room.",
  [CloseCode.ROOM_FULL]: "The room is full.",
  [CloseCode.LOCKED]: "The room is locked.",
  [CloseCode.WRONG_PASSWORD]: "The password is wrong.",
  [CloseCode.NO_SUCH_ROOM]: "There is no such room.",
  [CloseCode.NOT_ADMITTED]: "The game did not admit you to the room.",
  [CloseCode.OTHER_APP]: "The room plays another game, or another version of it.",
  [CloseCode.FRAME_SIZE]: "The room's messages are bigger than this client takes.",
};

/** One sentence for a human about why a connection closed. */
export const closeSentence = (code: number): string =>
  SENTENCES[code] ?? "The connection to the relay was lost.";

/**
 * The `code` of an ERROR frame. The tens say who must change what.
 *
 * 1-31   the bytes are no frame of this wire: mend the encoder
 * 32-47  the frame came at the wrong moment, or the resume is refused: say HELLO anew
 * 48-63  the room refuses entry; the connection closes with the code of the same name
 * 64-95  the room refuses a frame; the connection lives
 */
export const ErrorCode = {
  TRUNCATED: 1,
  TRAILING_BYTES: 2,
  NOT_A_FRAME: 3,
  UNKNOWN_OPCODE: 4,
  WRONG_DIRECTION: 5,
  ARITY: 6,
  WRONG_TYPE: 7,
  OUT_OF_RANGE: 8,
  BAD_UTF8: 9,
  TOO_DEEP: 10,
  TOO_MANY: 11,
  DUPLICATE_KEY: 12,
  FORBIDDEN_TYPE: 13,
  TOO_BIG: 14,

  HELLO_EXPECTED: 32,
  UNEXPECTED: 33,
  EPOCH_CHANGED: 34,
  ROOM_GONE: 35,
  HISTORY_TRIMMED: 36,
  SEAT_EXPIRED: 37,

  VERSION: 48,
  NO_SUCH_ROOM: 49,
  ROOM_FULL: 50,
  LOCKED: 51,
  WRONG_PASSWORD: 52,
  NOT_ADMITTED: 53,
  OTHER_APP: 54,
  FRAME_SIZE: 55,
  RELAY_FULL: 56,
  TOO_FAST: 57,
  KICKED: 58,

  NO_SUCH_PLAYER: 64,
  NOT_HERE: 65,
  NOT_HOST: 66,
  NOT_YOURS: 67,
  READ_ONLY: 68,
  STALE_VERSION: 69,
  NO_ROOM_LEFT: 70,
  NOT_AVAILABLE: 71,
} as const;

const NAMES = new Map<number, string>(
  Object.entries(ErrorCode).map(([name, code]) => [code, name.toLowerCase()]),
);

/** The machine-readable name of an error code, in lower case; a number for one we do not know. */
export const errorName = (code: number): string => NAMES.get(code) ?? `error ${code}`;

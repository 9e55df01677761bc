/** What a frame is: its first element, one byte on the wire. */
export const Opcode = {
  // The connection
  HELLO: 0x01,
  WELCOME: 0x02,
  ERROR: 0x03,
  NOTICE: 0x04,
  PING: 0x05,
  PONG: 0x06,
  ACK: 0x07,
  LEAVE: 0x08,
  LIVE: 0x09,
  // The game's payloads
  SEND: 0x10,
  DELIVER: 0x11,
  VOLATILE: 0x12,
  UPDATE: 0x13,
  SUBSCRIBE: 0x14,
  // Who is in the room
  JOINED: 0x20,
  LEFT: 0x21,
  PRESENCE: 0x22,
  HOST: 0x23,
  KICK: 0x24,
  TRANSFER: 0x25,
  // What the room remembers
  SET: 0x30,
  PROPERTY: 0x31,
  SNAPSHOT: 0x32,
  SNAPSHOT_WANTED: 0x33,
  // Lockstep
  INPUT: 0x40,
  TICK: 0x41,
  HASH: 0x42,
  DESYNC: 0x43,
  READY: 0x44,
  START: 0x45,
} as const;

/** Opcodes whose messages both sides count, so that a resume repeats none and loses none. */
export const COUNTED: ReadonlySet<number> = new Set([
  Opcode.SEND,
  Opcode.SUBSCRIBE,
  Opcode.KICK,
  Opcode.TRANSFER,
  Opcode.SET,
  Opcode.SNAPSHOT,
  Opcode.INPUT,
  Opcode.HASH,
  Opcode.READY,
]);

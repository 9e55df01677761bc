/** Bounds of the wire. protocol/limits.py gives each its reason; a test holds the two together. */

export const MAX_INT = Number.MAX_SAFE_INTEGER;
export const MAX_PLAYER = 2 ** 32 - 1;
export const MAX_GROUP = 255;
export const MAX_KEY = 255;
export const MAX_DEPTH = 16;
export const MAX_ELEMENTS = 1024;
export const MAX_NODES = 4096;
export const SEAT_BYTES = 16;
export const EPOCH_BYTES = 8;
export const MAX_NAME = 64;
export const MAX_WORD = 64;
export const MAX_SECRET = 128;
export const MAX_TICKET = 1024;
export const MAX_TAGS = 16;
export const MAX_IGNORED = 16;
export const MAX_REASON = 123;
export const MAX_CAPACITY = 1024;
export const MAX_HOLD = 600;
export const MAX_KEEP = 3600;
export const FRAME_IN = 16 * 1024;
export const FRAME_IN_MAX = 1024 * 1024;
export const FRAME_OUT = 60 * 1024;
export const SNAPSHOT_PARTS = 64;
export const SNAPSHOT_BYTES = 1024 * 1024;
export const WINDOW = 256;

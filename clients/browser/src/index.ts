// Roomwire's client: enter a room, hear what happens in it, and send.

export { connect, openRoom, type ConnectOptions } from "./connect.js";
export { Room } from "./room.js";
export type { ConnectionState } from "./keeper.js";
export { RoomClosed } from "./room-closed.js";
export type * from "./events.js";
export { EVERYONE, HOST, OTHERS, group, type Target } from "./target.js";
export type { Properties } from "./properties.js";
export type { Clock } from "./clock.js";

export { CloseCode, mayReturn } from "./close-codes.js";
export { ErrorCode } from "./error-codes.js";
export { LocalProtocolError, ProtocolError, RemoteProtocolError } from "./errors.js";
export { LeftReason, NoticeKind, PresenceState } from "./frames.js";
export type { HelloOptions, Limits, RoomOptions } from "./frames.js";

// The wire, for tools and tests.
export { decode, encode } from "./codec.js";
export { pack, unpack } from "./payload.js";
export type { ClientFrame, RelayFrame } from "./frames.js";
export { SUBPROTOCOL, WIRE_VERSION } from "./version.js";

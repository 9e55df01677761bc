// Roomwire's client: enter a room, hear what happens in it, and send.

export { connect, openRoom } from "./connect.js";
export type { Urls } from "./core/address.js";
export { Lobby } from "./lobby.js";
export type { ListedRoom, Listing, LobbyChange, NewRoom, Wanted } from "./lobby.js";
export type { ConnectOptions, OpenOptions } from "./options.js";
export { Room } from "./room.js";
export type { ConnectionState } from "./core/client-protocol.js";
export {
  FrameSizeRefused,
  JoinError,
  Kicked,
  LobbyRefused,
  NoSuchRoom,
  NotAdmitted,
  OriginRefused,
  OtherApp,
  RoomClosed,
  RoomFull,
  RoomLocked,
  RoomwireError,
  Unreachable,
  VersionRefused,
  WrongPassword,
} from "./errors.js";
export type * from "./events.js";
export { EVERYONE, HOST, OTHERS, group, type Target } from "./core/target.js";
export type { Properties } from "./core/properties.js";
export type { Clock } from "./core/clock.js";

export { CloseCode, mayReturn } from "./protocol/close-codes.js";
export { ErrorCode } from "./protocol/error-codes.js";
export { LocalProtocolError, ProtocolError, RemoteProtocolError } from "./protocol/errors.js";
export { LeftReason, NoticeKind, PresenceState } from "./protocol/frames.js";
export type {
  ErrorDetail,
  HelloOptions,
  Limits,
  NoticeDetail,
  RoomOptions,
} from "./protocol/frames.js";

// The wire, for tools and tests.
export { decode, encode } from "./protocol/codec.js";
export { locate, type Path, type Step, type ToKey } from "./protocol/msgpack/locate.js";
export { pack, unpack } from "./protocol/msgpack/payload.js";
export { scan } from "./protocol/msgpack/scan.js";
export type { ClientFrame, RelayFrame } from "./protocol/frames.js";
export { SUBPROTOCOL, WIRE_VERSION } from "./protocol/version.js";

// Frames of a relay, for tests.

import { encode } from "../../../clients/browser/src/protocol/codec.js";
import type { FrameOf, RelayFrame, Session } from "../../../clients/browser/src/protocol/frames.js";
import { decode } from "../../../clients/browser/src/protocol/codec.js";

const EPOCH = new Uint8Array(8).fill(1);

/** A WELCOME of player 1; `seq` and what is not of the session may be given too. */
export function welcome(session: Partial<Session> & { seq?: number } = {}): FrameOf<"Welcome"> {
  const { seq = 0, ...given } = session;
  // Through the codec, so that every default is the wire's.
  const message = encode({
    type: "Welcome",
    version: 1,
    player: 1,
    seq,
    session: { epoch: EPOCH, room: "K7QF", ...given } as Session,
  });
  return decode(message) as FrameOf<"Welcome">;
}

export const joined = (player: number, name = "", seq = player): RelayFrame => ({
  type: "Joined",
  seq,
  player,
  info: { name, role: "player", canHost: true },
});

export const error = (code: number, text = "", seq = 0): RelayFrame => ({
  type: "Error",
  seq,
  code,
  text,
  detail: {} as FrameOf<"Error">["detail"],
});

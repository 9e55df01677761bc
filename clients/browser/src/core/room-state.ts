// The room as this client knows it: a fold over the relay's frames.

import { type Event, Message, type Player, PropertyChanged, Updated } from "../events.js";
import { PresenceState, type RelayFrame } from "../protocol/frames.js";
import type { FrameOf } from "../protocol/frames.js";
import { Properties } from "./properties.js";
import { Parts } from "./snapshot.js";

/** Who is in the room, who is host, and what the room remembers. */
export class RoomState {
  readonly players = new Map<number, Player>();
  host = 0;
  term = 0;
  private readonly scopes = new Map<number, Properties>();
  /** Of a snapshot that is still coming. */
  private readonly parts = new Parts();
  /** A state is made for each fresh stream, and what comes in it before LIVE is history. */
  private isLive = false;

  /** The properties of the room (scope 0) or of a player. */
  properties(scope: number): Properties {
    const held = this.scopes.get(scope) ?? new Properties();
    this.scopes.set(scope, held);
    return held;
  }

  /** A player, or one of whom only the number is known. */
  player(number: number): Player {
    return (
      this.players.get(number) ?? {
        number,
        name: "",
        role: "player",
        state: PresenceState.HERE,
        isHost: number !== 0 && number === this.host,
        canHost: true,
      }
    );
  }

  /**
   * Follows a frame; returns what to tell the game, if it is of the game's concern.
   *
   * @throws RemoteProtocolError if a part of a snapshot does not follow the last one
   */
  apply(frame: RelayFrame): Event | null {
    switch (frame.type) {
      case "Deliver":
        return this.message(frame);
      case "Update":
        return new Updated(frame.key, frame.sender, frame.payload, this.player(frame.sender));
      case "Joined": {
        const player = this.change({
          ...this.player(frame.player),
          ...frame.info,
          state: PresenceState.HERE,
        });
        return { type: "joined", player, seq: frame.seq };
      }
      case "PresenceChanged": {
        const player = this.change({ ...this.player(frame.player), state: frame.state });
        return { type: "presenceChanged", player, seq: frame.seq };
      }
      case "Left":
        return this.left(frame);
      case "Host":
        return this.hostChanged(frame);
      case "Property":
        return this.property(frame);
      case "Snapshot":
        return this.parts.add(frame);
      case "SnapshotWanted":
        return { type: "snapshotWanted", seq: frame.seq };
      case "Live":
        this.isLive = true;
        return null;
      default:
        return null;
    }
  }

  private message({ seq, sender, payload }: FrameOf<"Deliver">): Event {
    return new Message(seq, sender, payload, this.player(sender), !this.isLive);
  }

  private change(player: Player): Player {
    this.players.set(player.number, player);
    return player;
  }

  private left({ player: number, reason, seq }: FrameOf<"Left">): Event {
    const player = this.player(number);
    this.players.delete(number);
    this.scopes.delete(number);
    return { type: "left", player, reason, seq };
  }

  private hostChanged({ player: number, term, seq }: FrameOf<"Host">): Event {
    this.host = number;
    this.term = term;
    for (const player of this.players.values()) {
      const isHost = player.number === number;
      if (player.isHost !== isHost) this.change({ ...player, isHost });
    }
    return { type: "hostChanged", player: number ? this.player(number) : null, term, seq };
  }

  private property({ scope, key, value, version, by, seq }: FrameOf<"Property">): Event {
    const payload = value === false ? null : value;
    this.properties(scope).change(key, payload, version, by);
    return new PropertyChanged(scope, key, payload, version, by, seq);
  }
}

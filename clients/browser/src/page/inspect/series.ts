// Numbers over the last minutes, one of each second.

import { type Counts, type PlayerOverview, silence } from "./answers.js";

/** Seconds that are kept. */
export const SECONDS = 300;

/** What one second was like. */
export interface Sample {
  readonly frames: number;
  readonly bytes: number;
  /** Milliseconds: the longest round trip of a player. */
  readonly rtt: number | null;
  /** Seconds for which a player has answered nothing: the longest. */
  readonly silent: number;
  /** Frames that wait in all outboxes. */
  readonly waiting: number;
  /** Seqs by which the last player is behind. */
  readonly behind: number;
}

/** Frames and bytes of an opcode: those of a second, and all since the room is watched. */
export interface Rate {
  readonly op: string;
  readonly frames: number;
  readonly bytes: number;
  readonly allFrames: number;
  readonly allBytes: number;
}

export class Series {
  readonly samples: Sample[] = [];
  private readonly rates = new Map<string, Rate>();

  add(seconds: number, counts: Counts, players: readonly PlayerOverview[]): void {
    const per = 1 / Math.max(seconds, 0.1);
    for (const [op, rate] of this.rates) this.rates.set(op, { ...rate, frames: 0, bytes: 0 });
    for (const [op, [frames, bytes]] of Object.entries(counts)) {
      const { allFrames = 0, allBytes = 0 } = this.rates.get(op) ?? {};
      const all = { allFrames: allFrames + frames, allBytes: allBytes + bytes };
      this.rates.set(op, { op, frames: frames * per, bytes: bytes * per, ...all });
    }
    this.samples.push({ ...this.sums(), ...ofPlayers(players) });
    if (this.samples.length > SECONDS) this.samples.shift();
  }

  /** By opcode, those with the most bytes first. */
  get byOpcode(): Rate[] {
    return [...this.rates.values()].sort((one, other) => other.allBytes - one.allBytes);
  }

  private sums(): Pick<Sample, "frames" | "bytes"> {
    const rates = [...this.rates.values()];
    return {
      frames: sum(rates.map(({ frames }) => frames)),
      bytes: sum(rates.map(({ bytes }) => bytes)),
    };
  }
}

function ofPlayers(
  players: readonly PlayerOverview[],
): Pick<Sample, "rtt" | "silent" | "waiting" | "behind"> {
  const rtts = players.flatMap(({ rtt_ms: rtt }) => (typeof rtt === "number" ? [rtt] : []));
  return {
    rtt: rtts.length ? Math.max(...rtts) : null,
    silent: Math.max(0, ...players.map(silence)) / 1000,
    waiting: sum(players.map(({ outbox }) => outbox?.frames ?? 0)),
    behind: Math.max(0, ...players.map(({ behind = 0 }) => behind)),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

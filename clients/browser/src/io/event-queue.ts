import type { Event } from "../events.js";
import { Fifo } from "../core/fifo.js";
import type { Bound } from "../core/room-bound.js";

interface Entry {
  event: Event;
  /** Where the room stands for a reader who has taken it. */
  readonly seq: number;
}

/**
 * Events on their way to one reader. Of each volatile value it holds only the newest, in the place
 * of the oldest; of attempts to reconnect that follow each other likewise.
 */
export class EventQueue {
  private readonly entries = new Fifo<Entry>();
  private slots = new Map<string, Entry>();
  private bytes = 0;
  private wake: (() => void) | null = null;

  /** @param seq where the room stands for a reader who begins here */
  constructor(private seq = 0) {}

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** A queue of the same events, for another reader. */
  copy(): EventQueue {
    const copy = new EventQueue(this.seq);
    for (const { event, seq } of this.entries) copy.push(event, seq);
    return copy;
  }

  exceeds({ events, bytes }: Bound): boolean {
    return this.entries.length > events || this.bytes > bytes;
  }

  push(event: Event, seq: number): void {
    const older = this.placeFor(event);
    this.bytes += sizeOf(event) - (older ? sizeOf(older.event) : 0);
    if (older) {
      older.event = event;
      return;
    }
    // In a room that has begun anew, the same numbers may mean other players.
    if (event.type === "resumed") this.slots.clear();
    const entry = { event, seq };
    const slot = slotOf(event);
    if (slot !== null) this.slots.set(slot, entry);
    this.entries.push(entry);
    this.wake?.();
  }

  /** Takes the first event. */
  shift(): Event | undefined {
    const entry = this.entries.shift();
    if (!entry) return undefined;
    const { event, seq } = entry;
    this.seq = seq;
    this.bytes -= sizeOf(event);
    const slot = slotOf(event);
    if (slot !== null && this.slots.get(slot) === entry) this.slots.delete(slot);
    return event;
  }

  /** Takes the first event, once there is one. */
  async next(): Promise<Event> {
    while (this.isEmpty) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.shift()!;
  }

  /** Where the room stands for the reader, if for one who has heard everything it is at `head`. */
  seqOf(head: number): number {
    return this.isEmpty ? head : this.seq;
  }

  /** The entry of which an event is the newer version. */
  private placeFor(event: Event): Entry | undefined {
    const slot = slotOf(event);
    if (slot !== null) return this.slots.get(slot);
    const { newest } = this.entries;
    const isNextAttempt = event.type === "reconnecting" && newest?.event.type === "reconnecting";
    return isNextAttempt ? newest : undefined;
  }
}

const slotOf = (event: Event): string | null =>
  event.type === "updated" ? `${event.sender}/${event.key}` : null;

/** Bytes of payload that an event holds. */
const sizeOf = (event: Event): number =>
  "payload" in event && event.payload ? event.payload.length : 0;

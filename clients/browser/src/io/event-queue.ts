import type { Event } from "../events.js";
import { Fifo } from "../core/fifo.js";
import type { Bound } from "../core/room-bound.js";

interface Entry {
  event: Event;
  /** The seq that a reader has reached once it has taken this. */
  readonly seq: number;
}

/**
 * Events on their way to one reader. A newer volatile value replaces the waiting one of its slot,
 * in its place. So does an attempt to reconnect that directly follows another.
 */
export class EventQueue {
  private readonly entries = new Fifo<Entry>();
  private slots = new Map<string, Entry>();
  private bytes = 0;
  private wake: (() => void) | null = null;

  /** @param seq the seq of a reader who begins here */
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
    // A room that has begun anew may reuse player numbers.
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

  /** The seq of the reader. @param head the seq of a reader who has heard everything */
  seqOf(head: number): number {
    return this.isEmpty ? head : this.seq;
  }

  /** The waiting entry that an event replaces. */
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

/** Bytes of payload that an event keeps in memory. */
const sizeOf = (event: Event): number =>
  "payload" in event && event.payload ? event.payload.length : 0;

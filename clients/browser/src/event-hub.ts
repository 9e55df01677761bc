import type { Event, EventOf } from "./events.js";

type Handler<E> = (event: E) => void;

/** Events kept for a loop that has not begun yet. */
const EARLY = 1024;

/** Hands every event to the handlers of its type, and to every loop over the room. */
export class EventHub {
  private readonly handlers = new Map<string, Set<Handler<Event>>>();
  private readonly loops = new Set<EventQueue>();
  // What happened before the first loop is for that loop: `await connect(...)` returns only after
  // the players have joined, and a loop should hear of them all the same.
  private early: EventQueue | null = new EventQueue(0, EARLY);
  private newest = 0;
  private isOver = false;

  /** Calls `handler` for each event of a type, until the returned function is called. */
  on<T extends Event["type"]>(type: T, handler: Handler<EventOf<T>>): () => void {
    const handlers = this.handlers.get(type) ?? new Set();
    this.handlers.set(type, handlers);
    // A function of its own, so that a handler given twice is called twice and removed singly.
    const entry: Handler<Event> = (event) => handler(event as EventOf<T>);
    handlers.add(entry);
    return () => void handlers.delete(entry);
  }

  /** @param seq where the room stands for who has heard the event */
  emit(event: Event, seq = 0): void {
    if (event.type === "closed") this.isOver = true;
    this.newest = seq;
    for (const queue of this.early ? [this.early, ...this.loops] : this.loops) {
      queue.push(event, seq);
    }
    for (const handler of [...(this.handlers.get(event.type) ?? [])]) call(handler, event);
  }

  /**
   * Where the room stands for whoever is furthest behind: handlers have heard everything, a loop
   * may have events before it.
   *
   * @param head where it stands for who has heard everything
   */
  seq(head: number): number {
    return Math.min(head, ...[...this.loops].map((queue) => queue.seqOf(head)));
  }

  /** Every event from now on, or from the beginning for the first loop; ends after `closed`. */
  async *events(): AsyncGenerator<Event, void, void> {
    const queue = this.early ?? new EventQueue(this.newest);
    this.early = null;
    if (this.isOver && queue.isEmpty) return;
    this.loops.add(queue);
    try {
      for (;;) {
        const event = await queue.next();
        yield event;
        if (event.type === "closed") return;
      }
    } finally {
      this.loops.delete(queue);
    }
  }
}

/** A handler's mistake is the handler's: it is reported, and the room goes on. */
function call(handler: Handler<Event>, event: Event): void {
  try {
    handler(event);
  } catch (error) {
    if (typeof reportError === "function") reportError(error);
    else
      queueMicrotask(() => {
        throw error;
      });
  }
}

interface Entry {
  event: Event;
  /** Where the room stands for who has taken it. */
  readonly seq: number;
}

/** Events on their way to one loop. Of volatile values, it holds only the newest of each slot. */
class EventQueue {
  private entries: Entry[] = [];
  private readonly slots = new Map<string, Entry>();
  private wake: (() => void) | null = null;

  /** @param seq where the room stands for a loop that begins here */
  constructor(
    private seq = 0,
    private readonly bound = Infinity,
  ) {}

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  push(event: Event, seq: number): void {
    const slot = slotOf(event);
    const waiting = slot === null ? undefined : this.slots.get(slot);
    if (waiting) {
      waiting.event = event;
      return;
    }
    const entry = { event, seq };
    if (slot !== null) this.slots.set(slot, entry);
    this.entries.push(entry);
    if (this.entries.length > this.bound) this.shift();
    this.wake?.();
  }

  async next(): Promise<Event> {
    while (this.isEmpty) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.shift();
  }

  /** Where the room stands for the loop, if for who has heard everything it stands at `head`. */
  seqOf(head: number): number {
    return this.isEmpty ? head : this.seq;
  }

  private shift(): Event {
    const { event, seq } = this.entries.shift()!;
    this.seq = seq;
    const slot = slotOf(event);
    if (slot !== null) this.slots.delete(slot);
    return event;
  }
}

const slotOf = (event: Event): string | null =>
  event.type === "updated" ? `${event.sender}/${event.key}` : null;

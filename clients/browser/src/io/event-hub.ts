import type { Bound } from "../core/room-bound.js";
import type { Event, EventOf } from "../events.js";
import { EventQueue } from "./event-queue.js";

type Handler<E> = (event: E) => void;
type Handlers = Map<string, Set<Handler<Event>>>;

/**
 * Hands every event to the handlers of its type, and to every loop over the room.
 *
 * What happens before anybody reads waits for the first reader: `await connect(...)` returns when
 * much has happened, and neither a handler nor a loop can be there before. Handlers begin to read
 * in a macrotask of their own, so that all that a program sets up in one go hears everything.
 */
export class EventHub {
  private readonly handlers: Handlers = new Map();
  private readonly watchers: Handlers = new Map();
  private readonly loops = new Set<EventQueue>();
  /** What nobody has read; null once somebody reads. */
  private waiting: EventQueue | null = new EventQueue();
  private beginning: ReturnType<typeof setTimeout> | undefined;
  private isBeingRead = false;
  private newest = 0;
  private isOver = false;

  /** @param onRead told whenever a reader has come, or has taken an event */
  constructor(private readonly onRead: () => void = () => {}) {}

  /** Calls `handler` for each event of a type, until the returned function is called. */
  on<T extends Event["type"]>(type: T, handler: Handler<EventOf<T>>): () => void {
    const stop = add(this.handlers, type, handler);
    if (this.waiting) this.beginning ??= setTimeout(() => this.begin(), 0);
    else this.onRead();
    return stop;
  }

  /** The same for the client itself: it hears at once, and it is no reader. */
  watch<T extends Event["type"]>(type: T, handler: Handler<EventOf<T>>): void {
    add(this.watchers, type, handler);
  }

  /**
   * Lets handlers begin to read, if there are any. Call it at the beginning of a macrotask: what was
   * set up in one go is set up by then.
   */
  begin(): void {
    if (this.beginning === undefined) return;
    clearTimeout(this.beginning);
    this.beginning = undefined;
    const { waiting } = this;
    if (!waiting || !this.hasHandlers) return;
    this.isBeingRead = true;
    // What a handler causes to happen comes behind what waits.
    for (let event = waiting.shift(); event; event = waiting.shift()) tell(this.handlers, event);
    this.waiting = null;
    this.onRead();
  }

  /** @param seq where the room stands for a reader who has heard the event */
  emit(event: Event, seq = 0): void {
    if (event.type === "closed") this.isOver = true;
    this.newest = seq;
    tell(this.watchers, event);
    for (const queue of this.loops) queue.push(event, seq);
    if (this.waiting) this.waiting.push(event, seq);
    else tell(this.handlers, event);
  }

  /** Whether more than this waits, with nobody who keeps up. */
  isBeyond(bound: Bound): boolean {
    if (this.waiting) return this.waiting.exceeds(bound);
    if (this.hasHandlers || this.loops.size === 0) return false;
    return [...this.loops].every((queue) => queue.exceeds(bound));
  }

  /**
   * Where the room stands for the reader who is furthest behind: a handler has heard everything once
   * it reads, a loop may have events before it.
   *
   * @param head where it stands for one who has heard everything
   */
  seq(head: number): number {
    const queues = this.waiting ? [this.waiting, ...this.loops] : [...this.loops];
    return Math.min(head, ...queues.map((queue) => queue.seqOf(head)));
  }

  /** Every event from now on; for the first reader, from the beginning. Ends after `closed`. */
  async *events(): AsyncGenerator<Event, void, void> {
    const queue = this.queueForLoop();
    if (this.isOver && queue.isEmpty) return;
    this.loops.add(queue);
    try {
      for (;;) {
        const event = await queue.next();
        this.onRead();
        yield event;
        if (event.type === "closed") return;
      }
    } finally {
      this.loops.delete(queue);
      this.onRead();
    }
  }

  private queueForLoop(): EventQueue {
    const { waiting } = this;
    if (!waiting) return new EventQueue(this.newest);
    // Handlers that came in the same go are about to hear the same.
    if (this.beginning !== undefined || this.isBeingRead) return waiting.copy();
    this.waiting = null;
    return waiting;
  }

  private get hasHandlers(): boolean {
    return [...this.handlers.values()].some(({ size }) => size > 0);
  }
}

function add<E extends Event>(to: Handlers, type: string, handler: Handler<E>): () => void {
  const handlers = to.get(type) ?? new Set();
  to.set(type, handlers);
  // A function of its own, so that a handler given twice is called twice and removed singly.
  const entry: Handler<Event> = (event) => handler(event as E);
  handlers.add(entry);
  return () => void handlers.delete(entry);
}

function tell(handlers: Handlers, event: Event): void {
  for (const handler of [...(handlers.get(event.type) ?? [])]) call(handler, event);
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

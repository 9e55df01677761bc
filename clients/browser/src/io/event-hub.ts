import type { Bound } from "../core/room-bound.js";
import type { Event, EventOf } from "../events.js";
import { EventQueue } from "./event-queue.js";

type Handler<E> = (event: E) => void;
type Handlers = Map<string, Set<Handler<Event>>>;

/**
 * Hands every event to the handlers of its type, and to every loop over the room.
 *
 * Events wait for the first reader: when `await connect(...)` returns, many have happened, and
 * neither a handler nor a loop could be there before. Handlers begin to read in a macrotask of
 * their own. So all handlers that a program sets up in one go hear everything.
 */
export class EventHub {
  private readonly handlers: Handlers = new Map();
  private readonly watchers: Handlers = new Map();
  private readonly loops = new Set<EventQueue>();
  /** Events that nobody has read; null once somebody reads. */
  private waiting: EventQueue | null = new EventQueue();
  private beginning: ReturnType<typeof setTimeout> | undefined;
  private isBeingRead = false;
  private newest = 0;
  private isOver = false;

  /** @param onRead called whenever a reader has come, or has taken an event */
  constructor(private readonly onRead: () => void = () => {}) {}

  /** Calls `handler` for each event of a type, until the returned function is called. */
  on<T extends Event["type"]>(type: T, handler: Handler<EventOf<T>>): () => void {
    const stop = add(this.handlers, type, handler);
    if (this.waiting) this.beginning ??= setTimeout(() => this.begin(), 0);
    else this.onRead();
    return stop;
  }

  /** As `on`, for the client itself: it hears at once, and does not count as a reader. */
  watch<T extends Event["type"]>(type: T, handler: Handler<EventOf<T>>): void {
    add(this.watchers, type, handler);
  }

  /**
   * Lets handlers begin to read, if there are any. Call it at the start of a macrotask: by then the
   * program has set up everything that it sets up in one go.
   */
  begin(): void {
    if (this.beginning === undefined) return;
    clearTimeout(this.beginning);
    this.beginning = undefined;
    const { waiting } = this;
    if (!waiting || !this.hasHandlers) return;
    this.isBeingRead = true;
    // Events that a handler causes come after those that wait.
    for (let event = waiting.shift(); event; event = waiting.shift()) tell(this.handlers, event);
    this.waiting = null;
    this.onRead();
  }

  /** @param seq the seq that a reader of the event has reached */
  emit(event: Event, seq = 0): void {
    if (event.type === "closed") this.isOver = true;
    this.newest = seq;
    tell(this.watchers, event);
    for (const queue of this.loops) queue.push(event, seq);
    if (this.waiting) this.waiting.push(event, seq);
    else tell(this.handlers, event);
  }

  /** Whether more than this waits for every reader. */
  isBeyond(bound: Bound): boolean {
    if (this.waiting) return this.waiting.exceeds(bound);
    if (this.hasHandlers || this.loops.size === 0) return false;
    return [...this.loops].every((queue) => queue.exceeds(bound));
  }

  /**
   * The seq that the slowest reader has reached. Once handlers read, they have heard everything; a
   * loop may have events left.
   *
   * @param head the seq that a reader of everything has reached
   */
  seq(head: number): number {
    const queues = this.waiting ? [this.waiting, ...this.loops] : [...this.loops];
    return Math.min(head, ...queues.map((queue) => queue.seqOf(head)));
  }

  /** Every later event; for the first reader, all from the beginning. Ends after `closed`. */
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
    // Handlers that were set up in the same go will hear the same events.
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
  // A wrapper, so that a handler given twice is called twice, and each can be removed alone.
  const entry: Handler<Event> = (event) => handler(event as E);
  handlers.add(entry);
  return () => void handlers.delete(entry);
}

function tell(handlers: Handlers, event: Event): void {
  for (const handler of [...(handlers.get(event.type) ?? [])]) call(handler, event);
}

/** Calls a handler. Its exception is reported, and the room goes on. */
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

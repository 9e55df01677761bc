import { unpack } from "../protocol/msgpack/payload.js";

interface Property {
  readonly payload: Uint8Array;
  readonly version: number;
  readonly by: number;
}

/** What a room, or a player in it, remembers under names. Reading a property unpacks it. */
export class Properties {
  private readonly held = new Map<string, Property>();

  /** The value, or undefined. Throws as `Message.value` does. */
  get(key: string): any {
    const property = this.held.get(key);
    return property && unpack(property.payload);
  }

  /** The value as it was packed. */
  payload(key: string): Uint8Array | undefined {
    return this.held.get(key)?.payload;
  }

  /**
   * A property's version, to write it only if it is still that. It is no count of writes: 0 if there
   * is none, else a number that grows.
   */
  version(key: string): number {
    return this.held.get(key)?.version ?? 0;
  }

  /** The number of the player who wrote it; 0 if nobody did. */
  by(key: string): number {
    return this.held.get(key)?.by ?? 0;
  }

  /** Whether there is one of this name. */
  has(key: string): boolean {
    return this.held.has(key);
  }

  /** The names of all. */
  keys(): IterableIterator<string> {
    return this.held.keys();
  }

  /** All of them as one object, for JSON and for looking at; bytes where they are no value. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries([...this.held].map(([key, { payload }]) => [key, inWords(payload)]));
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): Record<string, unknown> {
    return this.toJSON();
  }

  /** Takes up a fact. Only the relay's word changes a property. */
  change(key: string, payload: Uint8Array | null, version: number, by: number): void {
    if (payload) this.held.set(key, { payload, version, by });
    else this.held.delete(key);
  }
}

function inWords(payload: Uint8Array): unknown {
  try {
    return unpack(payload);
  } catch {
    return payload;
  }
}

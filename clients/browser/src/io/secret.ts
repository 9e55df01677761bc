// Seat secrets: a client that has the secret has the seat.

import { Claim } from "./claim.js";
import { SEAT_BYTES } from "../protocol/limits.js";

/** Where a page keeps a secret during a reload: `sessionStorage`, if nothing else is given. */
export type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

type Bytes = Uint8Array<ArrayBuffer>;

/** Digits of a secret by which other pages know it. The others are still 96 secret bits. */
const NAMED_BY = 8;

/**
 * A seat's secret for a room, which a reload of the page finds again. Each seat of a page has its
 * own. The storage keeps a list of them, in the order in which the page opened its rooms.
 *
 * The storage has a secret only while the page is hidden or gone. A duplicate of a tab copies the
 * storage, and two pages would fight for one seat. If the page was hidden at that moment, the copy
 * has the secret, and finds it in use.
 */
export class SeatSecret {
  /** Do not use it before `confirmed` has resolved. */
  bytes: Bytes;
  private readonly key: string;
  private readonly isFound: boolean;
  private claim: Claim;
  private isWanted = true;

  /**
   * @param url the room's, of the WebSocket: what one relay may know, no other is told
   * @param inUse secrets of the page's seats, in the order in which it opened them
   */
  constructor(
    url: string,
    private readonly storage: Storage | null,
    private readonly inUse: Set<string> = new Set(),
  ) {
    this.key = `roomwire:${url.replace(/[^/]*$/, (room) => room.toUpperCase())}`;
    const found = this.kept().find((kept) => !inUse.has(kept));
    this.isFound = found !== undefined;
    this.bytes = found === undefined ? draw() : fromHex(found);
    this.claim = this.use();
  }

  /** Null if the secret is new. Otherwise it resolves with the one to use. */
  confirmed(): Promise<Bytes> | null {
    const taken = this.claim.take(!this.isFound);
    return this.isFound ? taken.then((isOurs) => (isOurs ? this.bytes : this.drawAnew())) : null;
  }

  /** The page is hidden, or about to go. */
  putAway(): void {
    if (!this.isWanted) return;
    const kept = new Set([...this.kept(), this.hex]);
    // Secrets in use come first, so that a reload with fewer rooms takes the seats that were open.
    const inUse = [...this.inUse].filter((secret) => kept.delete(secret));
    this.keep([...inUse, ...kept]);
  }

  /** The page goes: the next page of this tab may have the seat. */
  letGo(): void {
    this.claim.release();
  }

  /** The page is in use. */
  takeOut(): void {
    this.keep(this.kept().filter((kept) => kept !== this.hex));
  }

  /** The page is in use again after it was left. */
  takeBack(): void {
    void this.claim.take(false);
  }

  /** The seat was given up. */
  forget(): void {
    this.isWanted = false;
    this.takeOut();
    this.retire();
  }

  /** The seat is out of use, but not given up: a reload may enter with it. */
  keepForReload(): void {
    this.putAway();
    this.retire();
  }

  private get hex(): string {
    return toHex(this.bytes);
  }

  private drawAnew(): Bytes {
    this.inUse.delete(this.hex);
    this.bytes = draw();
    this.claim = this.use();
    void this.claim.take(true);
    return this.bytes;
  }

  /** Marks the secret as in use, here and in the storage. */
  private use(): Claim {
    this.inUse.add(this.hex);
    this.takeOut();
    return new Claim(`${this.key}:${this.hex.slice(0, NAMED_BY)}`);
  }

  private retire(): void {
    this.inUse.delete(this.hex);
    this.claim.release();
  }

  // A storage that is full or forbidden throws at every call.

  private kept(): string[] {
    try {
      return (this.storage?.getItem(this.key) ?? "").split(",").filter(isSecret);
    } catch {
      return [];
    }
  }

  private keep(secrets: readonly string[]): void {
    try {
      if (secrets.length > 0) this.storage?.setItem(this.key, secrets.join());
      else this.storage?.removeItem(this.key);
    } catch {
      // Then a reload will not find the seat. Nothing else depends on it.
    }
  }
}

/** The tab's storage, or null where there is none or a sandbox forbids it. */
export function tabStorage(): Storage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

const draw = (): Bytes => crypto.getRandomValues(new Uint8Array(SEAT_BYTES));

const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const isSecret = (text: string): boolean => new RegExp(`^[0-9a-f]{${2 * SEAT_BYTES}}$`).test(text);

const fromHex = (text: string): Bytes =>
  Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16));

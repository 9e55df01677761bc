// Seat secrets: who has one, has the seat.

import { SEAT_BYTES } from "./limits.js";

/** Where a page keeps a secret while it is being reloaded; `sessionStorage`, unless told otherwise. */
export type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

/**
 * A tab's seat secret for a room, which a reload of the page finds again.
 *
 * It lies in the storage only while the page is hidden or gone. A tab that is duplicated copies the
 * storage; if the secret lay there, both tabs would fight for one seat.
 */
export class SeatSecret {
  readonly bytes: Uint8Array<ArrayBuffer>;
  private readonly name: string;
  private isWanted = true;

  constructor(
    room: string,
    private readonly storage: Storage | null,
  ) {
    this.name = `roomwire:${room.toUpperCase()}`;
    const kept = storage?.getItem(this.name);
    this.bytes = fromHex(kept ?? "") ?? crypto.getRandomValues(new Uint8Array(SEAT_BYTES));
    storage?.removeItem(this.name);
  }

  /** The page is hidden, or about to go. */
  putAway(): void {
    if (this.isWanted) this.storage?.setItem(this.name, toHex(this.bytes));
  }

  /** The page is in use. */
  takeOut(): void {
    this.storage?.removeItem(this.name);
  }

  /** The seat was given up. */
  forget(): void {
    this.isWanted = false;
    this.takeOut();
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

const toHex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function fromHex(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = text.match(/[0-9a-f]{2}/g) ?? [];
  return bytes.length === SEAT_BYTES ? Uint8Array.from(bytes, (byte) => parseInt(byte, 16)) : null;
}

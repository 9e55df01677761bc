// Tells which page uses a seat: a duplicated tab copies the session storage, the secret included.

import { isPage } from "./page-life.js";

/** Milliseconds to wait until a page that is left, as by a reload, has released its seat. */
const LETTING_GO = 1000;
/** Milliseconds to wait for another page of this origin to say that a seat is its own. */
const ANSWER = 250;

const WHOSE = "whose?";
const TAKEN = "taken";

/**
 * Shows the other pages of this origin that a seat is in use, until it is released.
 *
 * It is a Web Lock: the browser releases it when its page is gone. Pages without Web Locks, as on
 * plain http in a local network, ask each other instead. A frozen page cannot answer.
 */
export class Claim {
  private letGo: (() => void) | null = null;

  /** @param name tells seats apart, and does not give the secret away */
  constructor(private readonly name: string) {}

  /**
   * Takes the seat. Resolves with true if it is ours, and with false if another page has it.
   *
   * @param isNew whether the secret is new, so that no other page can have it
   */
  async take(isNew: boolean): Promise<boolean> {
    if (this.letGo || !isPage()) return true;
    try {
      const { locks } = navigator;
      if (locks) return await this.takeLock(locks);
      const channel = new BroadcastChannel(this.name);
      this.letGo = () => channel.close();
      if (!isNew && (await isTaken(channel))) {
        this.release();
        return false;
      }
      channel.onmessage = ({ data }) => data === WHOSE && channel.postMessage(TAKEN);
    } catch {
      // This browser has neither, or forbids both, so pages cannot know of each other.
    }
    return true;
  }

  release(): void {
    this.letGo?.();
    this.letGo = null;
  }

  private takeLock(locks: LockManager): Promise<boolean> {
    const released = new Promise<void>((resolve) => (this.letGo = resolve));
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), LETTING_GO);
    return new Promise((resolve) => {
      const held = locks.request(this.name, { signal: waiting.signal }, () => {
        clearTimeout(timer);
        resolve(true);
        return released;
      });
      held.catch(({ name }: Error) => {
        this.letGo = null;
        resolve(name !== "AbortError");
      });
    });
  }
}

/** Asks the other pages whether one of them has the seat. */
const isTaken = (channel: BroadcastChannel): Promise<boolean> =>
  new Promise((resolve) => {
    channel.onmessage = ({ data }) => data === TAKEN && resolve(true);
    channel.postMessage(WHOSE);
    setTimeout(() => resolve(false), ANSWER);
  });

// Guesses why no WebSocket opens although the relay answers: a proxy in between is the suspect.
//
// A browser hides from a page why a WebSocket was refused. REST tells the causes apart.

import { ABNORMAL, closeName } from "../../protocol/close-codes.js";
import type { Room } from "../../index.js";
import { legible } from "../legible.js";

/** The likely fault in words, and the lines of nginx that mend it. */
export interface Suspect {
  readonly title: string;
  readonly text: string;
  readonly lines: string;
}

const PASSES_HOST = "proxy_set_header Host $http_host;";
const PASSES_UPGRADE = `proxy_http_version 1.1;
proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection "upgrade";`;

/** A proxy that turns a request for a WebSocket into an ordinary one. */
export const UPGRADE: Suspect = {
  title: "No WebSocket opens",
  text:
    "The relay answers, but no WebSocket to it opens. The suspect is a proxy in between that does " +
    "not pass on the headers Upgrade and Connection. It must, in HTTP/1.1. So do these lines of " +
    "nginx:",
  lines: PASSES_UPGRADE,
};

/** A proxy that asks the relay for a host that is not the one that the browser asked for. */
export const rewritten = (host: string, said: string): Suspect => ({
  title: "The relay takes this page for another site's",
  text:
    `This page is at ${host}, but the relay was asked for another host (“${legible(said)}”). The ` +
    "suspect is a proxy in between that rewrites the header Host. It must pass on Host as it is, " +
    "and for the WebSocket Upgrade and Connection, as with these lines of nginx:",
  lines: `${PASSES_HOST}\n${PASSES_UPGRADE}`,
});

/** The same fault in two sentences. */
export const rewrittenInShort = (said: string): string =>
  `A proxy in between rewrites the header Host, which it must pass on (nginx: ${PASSES_HOST}). ` +
  `The relay says: ${legible(said)}.`;

/**
 * Follows a room's attempts to connect. It suspects a proxy when two in a row fail while the relay
 * answers; a single one may have met a relay that was just starting.
 */
export class Doubt {
  private readonly find: () => Promise<Suspect | null>;
  suspect: Suspect | null = null;
  private isFailing = false;
  private isAsking = false;
  private hasAnswered = false;

  /** @param find asks the relay; returns null if that does not answer either */
  constructor(room: Room, find: () => Promise<Suspect | null>) {
    this.find = find;
    let wasLive = room.state === "live";
    room.on("live", () => {
      wasLive = true;
      this.clear();
    });
    room.on("closed", () => this.clear());
    room.on("reconnecting", ({ reason }) => {
      const isAttempt = !wasLive;
      wasLive = false;
      // With a close code, a WebSocket was open, and the relay itself said why it closed.
      if (isAttempt && reason === closeName(ABNORMAL)) void this.ask();
      else this.clear();
    });
  }

  private async ask(): Promise<void> {
    this.isFailing = true;
    if (this.isAsking) return;
    this.isAsking = true;
    const found = await this.find().finally(() => (this.isAsking = false));
    if (!this.isFailing) return; // it has entered in the meantime
    this.suspect = this.hasAnswered ? found : null;
    this.hasAnswered = found !== null;
  }

  private clear(): void {
    this.suspect = null;
    this.isFailing = this.hasAnswered = false;
  }
}

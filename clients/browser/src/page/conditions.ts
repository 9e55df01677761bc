// Shows under which conditions the relay lets this page play: a bad network, made on purpose.

import { NoticeKind, type Room } from "../index.js";
import { find, write } from "./dom.js";
import { legible } from "./legible.js";

const link = new URLSearchParams(location.search);

/** The relay's address, with what this page's link asks for: `?chaos=train-wifi&seed=42`. */
export const home = new URL(location.search, document.baseURI).href;

/** How this page makes a room that is not there: one whose links may ask for it, if this one does. */
export const ownRoom = link.has("chaos") ? { chaos: true } : true;

/** Follows what the relay says of this connection. A new one begins without conditions. */
export function followConditions(room: Room): void {
  room.on("notice", ({ kind, detail }) => {
    if (kind === NoticeKind.SHAPED) show(detail.said ?? "");
  });
  for (const type of ["reconnecting", "closed"] as const) room.on(type, () => show(""));
}

function show(said: string): void {
  find("#conditions").hidden = !said;
  write(find("#conditions-text"), legible(said));
}

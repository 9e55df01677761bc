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
  let said = "";
  room.on("notice", ({ kind, detail }) => {
    if (kind === NoticeKind.SHAPED) show("Bad network:", (said = detail.said ?? ""));
  });
  room.on("live", () => {
    if (room.ignored && !said) showIgnored(room);
  });
  for (const type of ["reconnecting", "closed"] as const) room.on(type, () => show("", (said = "")));
}

function showIgnored({ options, ignored }: Room): void {
  const why = options?.chaos ? "the relay knows none of this name" : "this room allows no such link";
  show("No bad network:", why, ignored);
}

const ON_PURPOSE = "The relay makes this page's network worse on purpose";

function show(what: string, said: string, more = ON_PURPOSE): void {
  const badge = find("#conditions");
  badge.hidden = !said;
  badge.title = more;
  write(find("#conditions-what"), what);
  write(find("#conditions-text"), legible(said));
}

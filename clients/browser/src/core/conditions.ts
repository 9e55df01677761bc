// The bad network that a room's link may ask for (SPEC 2.9), and whether it is had.

import type { RoomOptions } from "../protocol/frames.js";

/**
 * Says that an address asks in vain; empty if it asks for nothing, or has it.
 *
 * @param url of the room
 * @param room its code
 * @param options how the room was made
 * @param isShaped whether the relay has said that conditions hold
 */
export function unheard(
  url: string,
  room: string,
  options: RoomOptions,
  isShaped: boolean,
): string {
  const asked = new URL(url).search.slice(1);
  if (!asked || (isShaped && options.chaos)) return "";
  if (!options.chaos) {
    return (
      `room ${room} does not let links ask for a bad network, so ${asked} changes nothing: ` +
      "whoever makes the room decides that, by its option chaos"
    );
  }
  return (
    `room ${room} lets links ask for a bad network, but the relay applies none for ${asked}: ` +
    "see whether it is one of lan, wifi, train-wifi, mobile-3g, hotel and satellite, and the " +
    "seed a whole number"
  );
}

/** Highest version of the wire that this package speaks; HELLO carries it. */
export const WIRE_VERSION = 1;

/** Lowest version of the wire that this package speaks. */
export const WIRE_VERSION_MIN: number = 1;

/** WebSocket subprotocol that a client offers and a relay selects. */
export const SUBPROTOCOL = "roomwire.1";

import type { WireTarget } from "../protocol/fields/field-types.js";

/** Everybody else; also what is meant where no target is given. */
export const OTHERS = null;
/** Everybody, oneself included. */
export const EVERYONE = true;
/** Whoever is host when the relay puts the frame in order. */
export const HOST = 0;
/** Those who have subscribed to a group, 1 to 255. */
export const group = (number: number): number => -number;

/** @inline */
interface Numbered {
  readonly number: number;
}

/** Who a payload is for. A number is a player's, unless it is `HOST` or comes from `group()`. */
export type Target = typeof OTHERS | boolean | number | Numbered | readonly (number | Numbered)[];

export function wireTarget(target: Target = OTHERS): WireTarget {
  if (Array.isArray(target)) return target.map(numberOf);
  return typeof target === "object" && target !== null
    ? numberOf(target as Numbered)
    : (target as WireTarget);
}

/** Says whether a target names players, who are others in another incarnation of the room. */
export const isPersonal = (target: WireTarget): boolean =>
  Array.isArray(target) || (typeof target === "number" && target > 0);

/** Says whether a target is this player, or has them in its list. */
export const names = (target: WireTarget, player: number): boolean =>
  Array.isArray(target) ? target.includes(player) : target === player;

/** Players in one message that count as one message more (SPEC 19). */
const LISTED = 64;

/** As how many messages one to this target counts. */
export const costOf = (target: WireTarget): number =>
  Array.isArray(target) ? 1 + Math.floor(target.length / LISTED) : 1;

/** The number of a player, however he was named. */
export const numberOf = (player: number | Numbered): number =>
  typeof player === "number" ? player : player.number;

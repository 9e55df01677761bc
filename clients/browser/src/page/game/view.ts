// Which part of the arena the canvas shows, and how large.

import { ARENA, type Vector } from "./ship.js";

/** Units around the arena, so that a comet at its edge shows its whole light, name and crown. */
export const EDGE: Readonly<Vector> = { x: 40, y: 60 };
/** The arena with its margin. It has the shape of the canvas on a wide window. */
export const WHOLE = { width: ARENA.width + 2 * EDGE.x, height: ARENA.height + 2 * EDGE.y };

/** Least CSS pixels to a unit: where the whole arena would be smaller, the view follows me. */
const SMALLEST_SCALE = 0.52;

export interface View {
  /** Pixels of the canvas to a unit. */
  readonly scale: number;
  /** Units to a CSS pixel. */
  readonly unit: number;
  /** The unit at the canvas's upper left. */
  readonly origin: Readonly<Vector>;
  /** The unit at its lower right. */
  readonly end: Readonly<Vector>;
}

/**
 * Finds what a canvas shows.
 *
 * @param size the canvas's, in pixels
 * @param ratio pixels to a CSS pixel
 */
export function viewOf(me: Vector, size: Vector, ratio: number): View {
  const whole = Math.min(size.x / WHOLE.width, size.y / WHOLE.height);
  const filled = Math.max(size.x / WHOLE.width, size.y / WHOLE.height);
  const scale = Math.max(whole, Math.min(filled, SMALLEST_SCALE * ratio)) || 1;
  const width = size.x / scale;
  const height = size.y / scale;
  const origin = {
    x: firstShown(me.x + EDGE.x, width, WHOLE.width) - EDGE.x,
    y: firstShown(me.y + EDGE.y, height, WHOLE.height) - EDGE.y,
  };
  return { scale, unit: ratio / scale, origin, end: { x: origin.x + width, y: origin.y + height } };
}

export const isIn = ({ origin, end }: View, { x, y }: Vector): boolean =>
  x >= origin.x && x <= end.x && y >= origin.y && y <= end.y;

/** The first unit to show along an axis. I am in the middle, except near the arena's edges. */
function firstShown(me: number, shown: number, length: number): number {
  if (shown >= length) return (length - shown) / 2;
  return within(me - shown / 2, 0, length - shown);
}

/** Limits a value to two bounds. If they contradict each other, the lower bound counts. */
export const within = (value: number, least: number, most: number): number =>
  Math.max(Math.min(value, most), least);

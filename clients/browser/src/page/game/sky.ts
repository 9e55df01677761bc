// The background of the game: the same sky for everyone.

import { make } from "../dom.js";
import type { Vector } from "./ship.js";
import { EDGE, WHOLE } from "./view.js";

const STARS = 160;
const NEBULAE = [
  { x: 380, y: 240, radius: 620, colour: (alpha: number) => `rgb(70 82 200 / ${0.42 * alpha})` },
  { x: 1240, y: 660, radius: 700, colour: (alpha: number) => `rgb(140 60 170 / ${0.34 * alpha})` },
  { x: 900, y: 120, radius: 420, colour: (alpha: number) => `rgb(30 140 170 / ${0.26 * alpha})` },
];

/** A colour of any opacity. */
export type Colour = (alpha: number) => string;

/** Draws light that fades towards its edge. */
export function drawGlow(
  context: CanvasRenderingContext2D,
  { x, y }: Vector,
  radius: number,
  colour: Colour,
): void {
  const light = context.createRadialGradient(x, y, 0, x, y, radius);
  for (const [stop, alpha] of [
    [0, 1],
    [0.3, 0.38],
    [0.6, 0.1],
    [1, 0],
  ] as const) {
    light.addColorStop(stop, colour(alpha));
  }
  context.fillStyle = light;
  context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius);
}

export function paintSky(): HTMLCanvasElement {
  const sky = make("canvas", { width: WHOLE.width / 2, height: WHOLE.height / 2 });
  const context = sky.getContext("2d")!;
  context.scale(0.5, 0.5);
  context.fillStyle = "#0c0f24";
  context.fillRect(0, 0, WHOLE.width, WHOLE.height);
  for (const { x, y, radius, colour } of NEBULAE) drawGlow(context, { x, y }, radius, colour);
  return sky;
}

export const makeStars = (): Star[] => Array.from({ length: STARS }, (_, index) => star(index));

export interface Star {
  readonly at: Vector;
  readonly radius: number;
  /** Its phase, so that stars do not twinkle together. */
  readonly phase: number;
}

/** A star at a place that looks random, and is the same for everyone. */
function star(index: number): Star {
  const part = (factor: number): number => (index * factor) % 1;
  return {
    at: {
      x: part(0.618034) * WHOLE.width - EDGE.x,
      y: part(0.754878) * WHOLE.height - EDGE.y,
    },
    radius: 1 + 2.4 * part(0.56984),
    phase: index,
  };
}

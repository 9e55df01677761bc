// Draws the game on a canvas. It reads the game and changes nothing in it.

import type { Room } from "../../index.js";
import { nameOf } from "../dom.js";
import { type Effect, type Game, LASTS } from "./game.js";
import type { Palette } from "./palette.js";
import type { Orb } from "./referee.js";
import { cut, isolated } from "../legible.js";
import { ARENA, type Ship, type Vector } from "./ship.js";
import { type Colour, drawGlow, makeStars, paintSky } from "./sky.js";
import { EDGE, WHOLE, isIn, viewOf, within } from "./view.js";

/** The radius of the ring around my comet, in units. */
const RING = 25;
/** Seconds between two pictures in which nothing moves: stars and orbs change slowly. */
const STILL_EVERY = 0.1;
const MIDDLE: Readonly<Vector> = { x: ARENA.width / 2, y: ARENA.height / 2 };
const SANS = "system-ui, sans-serif";

export class Arena {
  private readonly canvas: HTMLCanvasElement;
  private readonly room: Room;
  private readonly game: Game;
  private readonly palette: Palette;
  private readonly context: CanvasRenderingContext2D;
  private readonly stars = makeStars();
  private readonly isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  /** The background never changes, so it is painted once. */
  private readonly sky = paintSky();
  private view = viewOf(MIDDLE, { x: 1, y: 1 }, 1);
  private drawnAt = -Infinity;

  constructor(canvas: HTMLCanvasElement, room: Room, game: Game, palette: Palette) {
    this.canvas = canvas;
    this.room = room;
    this.game = game;
    this.palette = palette;
    this.context = canvas.getContext("2d")!;
  }

  /** Draws the game. While nothing moves it draws seldom, to spare a player's battery. */
  show(now: number): void {
    if (!this.game.isMoving && now - this.drawnAt < STILL_EVERY) return;
    this.drawnAt = now;
    this.draw(now);
  }

  private draw(now: number): void {
    this.look();
    const { context } = this;
    const { scale, origin } = this.view;
    context.save();
    context.scale(scale, scale);
    context.translate(-origin.x, -origin.y);
    this.drawSpace(now);
    context.globalCompositeOperation = "lighter"; // light adds up
    for (const orb of this.game.orbs.values()) this.drawOrb(orb, now);
    for (const [player, ship] of this.game.ships) this.drawShip(player, ship);
    for (const effect of this.game.effects) this.drawEffect(effect, now);
    context.globalCompositeOperation = "source-over";
    for (const [player, ship] of this.game.ships) this.drawName(player, ship);
    for (const effect of this.game.effects) if (effect.type === "say") this.drawSaying(effect);
    context.restore();
  }

  /** Turns a point of the page into units of the arena. */
  unitsAt(clientX: number, clientY: number): Vector {
    const { left, top } = this.canvas.getBoundingClientRect();
    const { unit, origin } = this.view;
    return { x: (clientX - left) * unit + origin.x, y: (clientY - top) * unit + origin.y };
  }

  /** Fits the canvas to its box and the screen's pixels, and finds which part to show. */
  private look(): void {
    const { clientWidth, clientHeight } = this.canvas;
    const ratio = Math.min(devicePixelRatio || 1, 2); // more costs much and shows little
    const size = { x: Math.round(clientWidth * ratio), y: Math.round(clientHeight * ratio) };
    if (this.canvas.width !== size.x) this.canvas.width = size.x;
    if (this.canvas.height !== size.y) this.canvas.height = size.y;
    this.view = viewOf(this.game.mine?.at ?? MIDDLE, size, ratio);
  }

  private drawSpace(now: number): void {
    const { context } = this;
    const { origin, end } = this.view;
    context.clearRect(origin.x, origin.y, end.x - origin.x, end.y - origin.y);
    context.drawImage(this.sky, -EDGE.x, -EDGE.y, WHOLE.width, WHOLE.height);
    for (const { at, radius, phase } of this.stars) {
      const light = this.isCalm.matches ? 0.5 : 0.45 + 0.3 * Math.sin(now * 0.8 + phase);
      context.fillStyle = `rgb(200 215 255 / ${light})`;
      context.fillRect(at.x, at.y, radius, radius);
    }
    context.strokeStyle = "rgb(130 150 255 / 0.25)";
    context.lineWidth = 3;
    // A comet's middle can reach the arena's edge, so the wall is drawn one ring further out.
    context.strokeRect(-RING, -RING, ARENA.width + 2 * RING, ARENA.height + 2 * RING);
  }

  private drawOrb(orb: Orb, now: number): void {
    const isAsked = now - orb.askedAt < 1;
    const beat = this.isCalm.matches ? 1 : 1 + 0.12 * Math.sin(now * 4 + orb.id);
    this.glow(orb, (isAsked ? 20 : 44) * beat, (alpha) => gold(0.9 * alpha));
    this.disc(orb, isAsked ? 4 : 9 * beat, "#fff3c4");
  }

  private drawShip(player: number, ship: Ship): void {
    const { context } = this;
    const isThere = (this.room.players.get(player)?.state ?? 0) === 0;
    context.globalAlpha = isThere ? 1 : 0.35;
    this.drawTail(player, ship);
    this.glow(ship.at, 64, (alpha) => this.palette.of(player, 0.8 * alpha));
    this.disc(ship.at, 16, this.palette.of(player));
    this.disc(ship.at, 9, "#fff");
    context.globalAlpha = 1;
  }

  /** The tail is one shape that ends in a point. */
  private drawTail(player: number, ship: Ship): void {
    const trail = ship.trail.slice(1, this.isCalm.matches ? 8 : undefined);
    const points = [ship.at, ...trail];
    const end = points.at(-1)!;
    if (ship.distanceTo(end) < 4) return;
    const left: Vector[] = [];
    const right: Vector[] = [];
    for (const [index, at] of points.entries()) {
      const before = points[Math.max(index - 1, 0)]!;
      const after = points[Math.min(index + 1, points.length - 1)]!;
      const length = Math.hypot(after.x - before.x, after.y - before.y) || 1;
      const width = (15 * (1 - index / (points.length - 1))) / length;
      const across = { x: (before.y - after.y) * width, y: (after.x - before.x) * width };
      left.push({ x: at.x + across.x, y: at.y + across.y });
      right.unshift({ x: at.x - across.x, y: at.y - across.y });
    }
    const light = this.context.createLinearGradient(ship.at.x, ship.at.y, end.x, end.y);
    light.addColorStop(0, this.palette.of(player, 0.75));
    light.addColorStop(1, this.palette.of(player, 0));
    this.context.fillStyle = light;
    this.context.beginPath();
    for (const { x, y } of [...left, ...right]) this.context.lineTo(x, y);
    this.context.fill();
  }

  private drawName(player: number, { at }: Ship): void {
    const { context } = this;
    const known = this.room.players.get(player) ?? { name: "", number: player, isHost: false };
    const isMe = player === this.room.me;
    const colour = isMe ? "#fff" : this.palette.of(player);
    const name = isMe ? "You" : isolated(cut(nameOf(known), 20));
    this.write(name, at, 28 + 14 * this.view.unit, colour);
    if (known.isHost) this.drawCrown(at.x, at.y - 30);
    if (!isMe) return;
    context.strokeStyle = "rgb(255 255 255 / 0.75)";
    context.lineWidth = 2;
    context.beginPath();
    context.arc(at.x, at.y, RING, 0, 2 * Math.PI);
    context.stroke();
  }

  private drawCrown(x: number, y: number): void {
    const { context } = this;
    context.fillStyle = "#ffd666";
    context.beginPath();
    for (const [dx, dy] of [
      [-13, 0],
      [-15, -14],
      [-7, -7],
      [0, -18],
      [7, -7],
      [15, -14],
      [13, 0],
    ] as const) {
      context.lineTo(x + dx, y + dy);
    }
    context.fill();
  }

  private drawEffect({ type, at, player, since }: Effect, now: number): void {
    if (type === "say") return;
    const { context } = this;
    const part = (now - since) / LASTS[type];
    context.lineWidth = 6 * (1 - part);
    context.strokeStyle = type === "pop" ? this.palette.of(player, 1 - part) : gold(1 - part);
    context.beginPath();
    const reach = type === "pop" ? 240 : 70;
    context.arc(
      at.x,
      at.y,
      reach * (this.isCalm.matches ? 1 : 1 - (1 - part) ** 3),
      0,
      2 * Math.PI,
    );
    context.stroke();
    if (type === "grab") this.write("+1", at, -40 - 40 * part, gold(1 - part), 17);
  }

  private drawSaying({ player, text }: Effect): void {
    const at = this.game.ships.get(player)?.at;
    if (!at) return;
    const { context } = this;
    const { unit, origin, end } = this.view;
    const shown = isolated(cut(text, 42));
    context.font = `500 ${14 * unit}px ${SANS}`;
    const width = context.measureText(shown).width + 24 * unit;
    // The text stays whole inside the view, even if the comet is at its edge.
    const left = within(at.x - width / 2, origin.x + 6, end.x - width - 6);
    const top = Math.max(at.y - 52 - 28 * unit, origin.y + 6);
    context.fillStyle = "rgb(240 243 255 / 0.94)";
    context.beginPath();
    context.roundRect(left, top, width, 28 * unit, 14 * unit);
    context.fill();
    context.fillStyle = "#10142f";
    context.textAlign = "left";
    context.fillText(shown, left + 12 * unit, top + 19 * unit);
  }

  /** Writes text of `size` CSS pixels below a point; closer, if it would leave the view. */
  private write(text: string, at: Vector, below: number, colour: string, size = 13): void {
    const { context } = this;
    const { unit, origin, end } = this.view;
    if (!isIn(this.view, at)) return; // otherwise it would stand at the edge, far from its comet
    context.font = `600 ${size * unit}px ${SANS}`;
    const half = context.measureText(text).width / 2 + 2 * unit;
    const x = within(at.x, origin.x + half, end.x - half);
    const y = within(at.y + below, origin.y + size * unit, end.y - 4 * unit);
    context.textAlign = "center";
    context.lineWidth = 3 * unit;
    context.strokeStyle = "rgb(8 10 24 / 0.7)";
    context.strokeText(text, x, y);
    context.fillStyle = colour;
    context.fillText(text, x, y);
  }

  private disc(at: Vector, radius: number, colour: string): void {
    this.context.fillStyle = colour;
    this.context.beginPath();
    this.context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    this.context.fill();
  }

  private glow(at: Vector, radius: number, colour: Colour): void {
    drawGlow(this.context, at, radius, colour);
  }
}

const gold = (alpha: number): string => `rgb(255 214 102 / ${alpha})`;

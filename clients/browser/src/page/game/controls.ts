// Steering, by keys, by a mouse over the arena, or by a finger on it.

import type { Vector } from "./ship.js";

const KEYS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  // By their place on the keyboard, so that they are under the same fingers on every layout.
  KeyA: [-1, 0],
  KeyD: [1, 0],
  KeyW: [0, -1],
  KeyS: [0, 1],
};
/** CSS pixels that a finger must move to steer fully. */
const STICK = 56;
/** Units between a mouse and my comet from which on it steers fully. */
const MOUSE = 160;
/** A touch shorter than these milliseconds that does not move is a tap. */
const TAP = 220;

interface Pointer {
  readonly id: number;
  readonly isTouch: boolean;
  readonly start: Vector;
  readonly since: number;
  now: Vector;
}

export class Controls {
  private readonly canvas: HTMLCanvasElement;
  private readonly stick: HTMLElement;
  private readonly locate: (point: Vector) => Vector;
  private readonly pop: () => void;
  private readonly held = new Set<string>();
  /** The finger on the arena, or the mouse while it steers. */
  private pointer: Pointer | null = null;
  /** Where the mouse is while it does not steer. It starts to steer when it moves. */
  private resting: Vector | null = null;

  /**
   * @param locate turns a point of the page into the direction to it from my comet, in units
   * @param pop is called for a pulse: the space bar, or a tap
   */
  constructor(
    canvas: HTMLCanvasElement,
    stick: HTMLElement,
    locate: (point: Vector) => Vector,
    pop: () => void,
  ) {
    this.canvas = canvas;
    this.stick = stick;
    this.locate = locate;
    this.pop = pop;
    addEventListener("keydown", (event) => this.key(event, true));
    addEventListener("keyup", (event) => this.key(event, false));
    addEventListener("blur", () => this.held.clear()); // a key released elsewhere sends us no event
    canvas.addEventListener("pointerleave", (event) => this.leave(event));
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"] as const) {
      canvas.addEventListener(end, (event) => this.up(event));
    }
  }

  /** Where to steer, as a vector of length 0 to 1. */
  get direction(): Vector {
    const direction = this.pointer ? this.pointed(this.pointer) : this.keyed();
    const length = Math.max(Math.hypot(direction.x, direction.y), 1);
    return { x: direction.x / length, y: direction.y / length };
  }

  private keyed(): Vector {
    const direction = { x: 0, y: 0 };
    for (const code of this.held) {
      direction.x += KEYS[code]![0];
      direction.y += KEYS[code]![1];
    }
    return direction;
  }

  private pointed({ isTouch, start, now }: Pointer): Vector {
    if (isTouch) return { x: (now.x - start.x) / STICK, y: (now.y - start.y) / STICK };
    const { x, y } = this.locate(now);
    return { x: x / MOUSE, y: y / MOUSE };
  }

  private key(event: KeyboardEvent, isDown: boolean): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isElsewhere =
      event.target instanceof Element &&
      event.target.closest("input, textarea, select, button, a, summary, dialog");
    if (event.code === "Space" && isDown && !isElsewhere) {
      event.preventDefault(); // otherwise the page scrolls
      if (!event.repeat) this.pop();
    }
    if (!(event.code in KEYS)) return;
    if (!isDown) return void this.held.delete(event.code);
    if (isElsewhere && event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    this.held.add(event.code);
    if (this.pointer && !this.pointer.isTouch) this.rest(this.pointer.now);
  }

  private down(event: PointerEvent): void {
    if (this.pointer?.isTouch || event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.take(event);
    if (!isMouse(event)) this.showStick(place(event));
  }

  private take(event: PointerEvent): void {
    const at = place(event);
    const isTouch = !isMouse(event);
    this.pointer = { id: event.pointerId, isTouch, start: at, now: at, since: event.timeStamp };
  }

  private move(event: PointerEvent): void {
    if (isMouse(event) && !this.pointer) return this.wake(event);
    if (event.pointerId !== this.pointer?.id) return;
    this.pointer.now = place(event);
    const { x, y } = this.direction;
    this.stick.style.setProperty("--x", `${x * STICK}px`);
    this.stick.style.setProperty("--y", `${y * STICK}px`);
  }

  /** Whether the mouse moved: browsers report a still one, too, when the page below it changes. */
  private wake(event: PointerEvent): void {
    const at = place(event);
    this.resting ??= at;
    if (at.x !== this.resting.x || at.y !== this.resting.y) this.take(event);
  }

  private rest(at: Vector | null): void {
    this.pointer = null;
    this.resting = at;
  }

  private leave(event: PointerEvent): void {
    if (isMouse(event) && !this.pointer?.isTouch) this.rest(null);
  }

  private up(event: PointerEvent): void {
    if (event.pointerId !== this.pointer?.id || isMouse(event)) return;
    const { start, now, since } = this.pointer;
    const moved = Math.hypot(now.x - start.x, now.y - start.y);
    if (moved < 10 && event.timeStamp - since < TAP) this.pop();
    this.pointer = null;
    this.stick.hidden = true;
  }

  private showStick({ x, y }: Vector): void {
    const { left, top } = this.canvas.getBoundingClientRect();
    this.stick.hidden = false;
    for (const [name, value] of [
      ["left", x - left],
      ["top", y - top],
      ["--x", 0],
      ["--y", 0],
    ] as const) {
      this.stick.style.setProperty(name, `${value}px`);
    }
  }
}

const place = ({ clientX, clientY }: PointerEvent): Vector => ({ x: clientX, y: clientY });
const isMouse = ({ pointerType }: PointerEvent): boolean => pointerType === "mouse";

// How comets move: mine as I steer it, the others as their players tell.

export interface Vector {
  x: number;
  y: number;
}

export const ARENA = { width: 1600, height: 900 };
/** A comet within this many units of an orb touches it. */
export const REACH = 40;

const SPEED = 430;
/** How quickly a comet takes a new direction: a larger number turns faster. */
const GRIP = 4;
const BOUNCE = 0.6;
/** Seconds that a comet flies on without news from its player. */
const COAST = 0.5;
/** Seconds in which most of a wrong guess is corrected. */
const SMOOTH = 0.12;
/** A comet that is further off than this did not drift: it was put elsewhere. */
const JUMP = 300;
const TRAIL = 26;
const TRAIL_EVERY = 0.025;
/** Units between a comet and its tail's end up to which nobody sees that it moves. */
const STILL = 0.5;

export class Ship {
  readonly at: Vector;
  readonly velocity: Vector = { x: 0, y: 0 };
  readonly trail: Vector[] = [];
  private heardAt = -Infinity;
  private heard: Vector;
  private error: Vector = { x: 0, y: 0 };
  private trailedAt = -Infinity;

  constructor(at: Vector) {
    this.at = at;
    this.heard = { ...at };
  }

  distanceTo(point: Vector): number {
    return Math.hypot(point.x - this.at.x, point.y - this.at.y);
  }

  /** Whether it flies, or its tail has yet to catch up with it. */
  get isMoving(): boolean {
    return this.distanceTo(this.trail.at(-1) ?? this.at) > STILL;
  }

  /** Mine: accelerates in the direction `steer`, of length 0 to 1, and bounces off the walls. */
  steer(steer: Vector, dt: number): void {
    const grip = 1 - Math.exp(-GRIP * dt);
    for (const axis of ["x", "y"] as const) {
      this.velocity[axis] += (steer[axis] * SPEED - this.velocity[axis]) * grip;
      this.at[axis] += this.velocity[axis] * dt;
      const limit = axis === "x" ? ARENA.width : ARENA.height;
      if (this.at[axis] >= 0 && this.at[axis] <= limit) continue;
      this.at[axis] = clamp(this.at[axis], limit);
      this.velocity[axis] *= -BOUNCE;
    }
  }

  /** Mine: is pushed away from a point. */
  push(from: Vector, reach: number, force: number): void {
    const distance = this.distanceTo(from);
    if (distance > reach) return;
    const push = (force * (1 - distance / reach)) / (distance || 1);
    this.velocity.x += (this.at.x - from.x) * push;
    this.velocity.y += (this.at.y - from.y) * push;
  }

  /** Another's: takes the place and the speed that its player told. */
  hear(at: Vector, velocity: Vector, now: number): void {
    // It is drawn where it was, and the difference fades, so that nothing jumps on the screen.
    this.error = { x: this.at.x - at.x, y: this.at.y - at.y };
    if (Math.hypot(this.error.x, this.error.y) > JUMP) this.error = { x: 0, y: 0 };
    Object.assign(this.velocity, velocity);
    this.heard = at;
    this.heardAt = now;
  }

  /** Another's: moves to where it is by now, if it flew straight on. */
  follow(now: number): void {
    const age = now - this.heardAt;
    const fade = Math.exp(-age / SMOOTH);
    const flown = Math.min(age, COAST);
    for (const axis of ["x", "y"] as const) {
      const guess = this.heard[axis] + this.velocity[axis] * flown + this.error[axis] * fade;
      this.at[axis] = clamp(guess, axis === "x" ? ARENA.width : ARENA.height);
    }
  }

  leaveTrail(now: number): void {
    if (now - this.trailedAt < TRAIL_EVERY) return;
    this.trailedAt = now;
    this.trail.unshift({ ...this.at });
    this.trail.length = Math.min(this.trail.length, TRAIL);
  }
}

const clamp = (value: number, limit: number): number => Math.min(Math.max(value, 0), limit);

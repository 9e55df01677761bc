// What was refused last, and what had been sent, byte by byte; and why, in sentences.

import { type Decoded, decode } from "../../decode/decoded.js";
import { hexOf } from "../../decode/hex.js";
import { fromBase64 } from "../../decode/sources/text.js";
import { counted } from "../../decode/words.js";
import { make, words } from "../../dom.js";
import { legible } from "../../legible.js";
import { FrameView } from "../../parts/frame-view.js";
import { tell } from "../../parts/question.js";
import type { PlayerOverview, Reason, RefusedFrame, Rejected } from "../answers.js";
import type { Operator } from "../operator.js";

/** Lists what a player was refused; nothing if it was nothing. */
export function refusalsOf(overview: PlayerOverview | null): HTMLElement[] {
  const { refusals = [], refused_frames: frames = [] } = overview ?? {};
  if (refusals.length === 0) return [];
  const told = refusals.map(({ code, op, text, frame }) => {
    const which = frame ? ` (frame ${frame})` : "";
    const title = `${[op, code].filter(Boolean).join(": ")}${which}`;
    return make("li", {}, make("b", {}, title), " ", words(text));
  });
  const list = make("ul", { className: "advice" }, ...told);
  const shown = frames.map((frame, index) => bytesOf(frame, index === frames.length - 1));
  const about = shown.length ? [make("h3", {}, "What they sent")] : [];
  return [make("h3", {}, "Refused last"), list, ...about, ...shown];
}

/** Shows what those had sent who are not there. */
export function rejectedOf(rejected: readonly Rejected[]): HTMLElement[] {
  const kept = rejected.filter(({ data }) => data !== "");
  const shown = kept.map((frame, index) => bytesOf(frame, index === kept.length - 1));
  return shown.length ? [make("h3", {}, "What they sent"), ...shown] : [];
}

/** Lists reasons, each with what to do about it. */
export function reasonsOf(reasons: readonly Reason[]): HTMLElement {
  const rows = reasons.flatMap(({ what, do: advice }) => [
    make("dt", {}, legible(what)),
    make("dd", {}, legible(advice)),
  ]);
  return make("dl", { className: "reasons" }, ...rows);
}

/** Tells who did not get into a room, or was cut off; without a room, those of all rooms. */
export async function tellOutside(operator: Operator, room?: string): Promise<void> {
  const { reasons, rejected } = await operator.outside(room);
  const where = room === undefined ? "in" : `into ${legible(room)}`;
  await tell(`Who did not get ${where}, or was cut off?`, reasonsOf(reasons), ...rejectedOf(rejected));
}

function bytesOf(frame: RefusedFrame, isOpen: boolean): HTMLElement {
  const message = decoded(frame);
  const view = new FrameView();
  view.show(message);
  const href = `decode#by=client&hex=${hexOf(message.data)}`;
  const link = make("a", { href, target: "_blank", className: "note" }, "Open in the decoder");
  const title = make("summary", {}, words(titleOf(frame, message)));
  return make("details", { className: "refused", open: isOpen }, title, view.element, link);
}

function titleOf(refused: RefusedFrame & { attachment?: number }, { data }: Decoded): string {
  const { op, code, offset, size, frame, attachment } = refused;
  const whose = attachment === undefined ? "" : `connection ${attachment}, `;
  const which = frame ? `frame ${frame}, ` : "";
  const where = offset === null ? "" : ` at byte ${offset}`;
  const whole = counted(size, "byte");
  const shown = data.length === size ? whole : `the first ${data.length} of ${whole}`;
  return `${whose}${which}${op ?? "A message"}: ${code}${where}, ${shown}`;
}

/** Of a frame that is cut off here, only the relay knows what is wrong. */
export function decoded(frame: RefusedFrame): Decoded {
  const { code, offset, text, expected, got, size } = frame;
  const data = fromBase64(frame.data) ?? new Uint8Array();
  const message = decode(data, "client");
  if (data.length === size) return message;
  if (offset === null || offset >= data.length) return { ...message, fault: null };
  const rule = message.fault?.offset === offset ? message.fault.rule : (frame.rule ?? "");
  return { ...message, fault: { code, offset, rule, text, expected, got } };
}

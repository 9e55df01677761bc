// What a player was refused last, and what they had sent, byte by byte.

import { type Decoded, decode } from "../../decode/decoded.js";
import { hexOf } from "../../decode/hex.js";
import { fromBase64 } from "../../decode/sources/text.js";
import { counted } from "../../decode/words.js";
import { make, words } from "../../dom.js";
import { FrameView } from "../../parts/frame-view.js";
import type { PlayerFacts, RefusedFrame } from "../facts.js";

/** Lists what a player was refused; nothing if it was nothing. */
export function refusalsOf(facts: PlayerFacts | null): HTMLElement[] {
  const { refusals = [], refused_frames: frames = [] } = facts ?? {};
  if (refusals.length === 0) return [];
  const told = refusals.map(({ code, op, text }) =>
    make("li", {}, make("b", {}, [op, code].filter(Boolean).join(": ")), " ", words(text)),
  );
  const list = make("ul", { className: "advice" }, ...told);
  const shown = frames.map((frame, index) => bytesOf(frame, index === frames.length - 1));
  const about = shown.length ? [make("h3", {}, "What they sent")] : [];
  return [make("h3", {}, "Refused last"), list, ...about, ...shown];
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

function titleOf({ op, code, offset, size }: RefusedFrame, { data }: Decoded): string {
  const where = offset === null ? "" : ` at byte ${offset}`;
  const whole = counted(size, "byte");
  const shown = data.length === size ? whole : `the first ${data.length} of ${whole}`;
  return `${op ?? "A message"}: ${code}${where}, ${shown}`;
}

/** Of a frame that is cut off here, only the relay knows what is wrong. */
export function decoded(frame: RefusedFrame): Decoded {
  const { code, offset, text, expected, got, size } = frame;
  const data = fromBase64(frame.data) ?? new Uint8Array();
  const message = decode(data, "client");
  if (data.length === size) return message;
  if (offset === null || offset >= data.length) return { ...message, fault: null };
  const rule = message.fault?.offset === offset ? message.fault.rule : "";
  return { ...message, fault: { code, offset, rule, text, expected, got } };
}

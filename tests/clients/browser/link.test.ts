import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { FrameOf } from "../../../clients/browser/src/protocol/frames.js";
import { CloseCode, NoticeKind } from "../../../clients/browser/src/index.js";
import { Link } from "../../../clients/browser/src/page/link.js";
import { type Entered, clock, enter, enterLive, pass, stopClock } from "./entered.js";
import { welcome } from "./frames.js";

type Detail = Partial<FrameOf<"Notice">["detail"]>;

function notice({ socket }: Entered, kind: number, detail: Detail): void {
  socket().tell({ type: "Notice", kind, detail: detail as FrameOf<"Notice">["detail"] });
}

/** The state and the words of a connection, in one line. */
const said = (link: Link): string => {
  const { state, text, detail } = link.words;
  return `${state}: ${text} ${detail}`.trim();
};

beforeEach(stopClock);

test("a connection that lives says how far the relay is", () => {
  const { room } = enterLive();
  assert.match(said(new Link(room, clock)), /^live: Live (<1|\d+) ms$/);
});

test("who reads too slowly is told until he keeps up", () => {
  const entered = enterLive();
  const link = new Link(entered.room, clock);
  notice(entered, NoticeKind.LAG, { after: 4000 });
  assert.equal(said(link), "lagging: You read too slowly cut off in 4 s");
  pass(2500);
  assert.equal(said(link), "lagging: You read too slowly cut off in 2 s");
  notice(entered, NoticeKind.LAG, { dropped: 0 });
  assert.match(said(link), /^live/);
});

test("where nobody is cut off, nobody is threatened with it", () => {
  const entered = enterLive();
  const link = new Link(entered.room, clock);
  notice(entered, NoticeKind.LAG, {});
  assert.equal(said(link), "lagging: You read too slowly");
});

test("who was cut off for it is no longer told so", () => {
  const entered = enterLive();
  const link = new Link(entered.room, clock);
  notice(entered, NoticeKind.LAG, { after: 4000 });
  entered.socket().end(CloseCode.TOO_SLOW);
  assert.equal(said(link), "reconnecting: Connection lost trying…");
  pass(1000);
  entered.socket().open();
  entered.socket().tell(welcome({ seq: 3, resumed: true }), { type: "Live", seq: 3 });
  assert.match(said(link), /^live/);
});

test("a relay that restarts says when it will be back, before and after it is gone", () => {
  const entered = enterLive();
  const link = new Link(entered.room, clock);
  notice(entered, NoticeKind.DRAIN, { after: 9000 });
  assert.equal(said(link), "restarting: The relay restarts back in 9 s");
  pass(4000);
  entered.socket().end(CloseCode.DRAIN);
  pass(1000);
  assert.match(said(link), /^restarting: The relay restarts back in [45] s$/);
  assert.equal(link.words.mayRetry, false);
  pass(5000);
  entered.socket().open();
  entered.socket().tell(welcome({ seq: 3, resumed: true }), { type: "Live", seq: 3 });
  assert.match(said(link), /^live/);
});

test("a relay that does not come back is missed", () => {
  const entered = enterLive();
  const link = new Link(entered.room, clock);
  notice(entered, NoticeKind.DRAIN, { after: 1000 });
  for (let attempt = 0; attempt < 6; attempt++) {
    entered.socket().end();
    if (attempt < 5) pass(5000);
  }
  assert.match(said(link), /^reconnecting: Connection lost again in \d s$/);
  assert.equal(link.words.mayRetry, true);
});

test("one who never got in is told what is tried", () => {
  const { room, socket } = enter();
  const link = new Link(room, clock);
  assert.equal(said(link), "connecting: Connecting…");
  socket().end();
  assert.equal(said(link), "connecting: Connecting trying…");
  for (let attempt = 0; attempt < 4; attempt++) {
    pass(5000);
    socket().end();
  }
  assert.match(said(link), /^connecting: No relay answers/);
});

test("one who left is not connected", () => {
  const { room } = enterLive();
  const link = new Link(room, clock);
  room.leave();
  assert.equal(said(link), "closed: Not connected");
});

// Every player tells where they are, and when. The others draw them a little in the past.
import { openRoom } from "./relay/client/roomwire.js";

const PLACE = 0; // key of the volatile value [time, x, y]
const DELAY = 100_000; // µs: so far in the past a player's places before and after are known
const SPEED = 0.4; // pixels a ms

const canvas = document.querySelector("canvas");
const [line, pen] = [document.querySelector("p"), canvas.getContext("2d")];
const mine = { x: 80 + Math.random() * 800, y: 80 + Math.random() * 440 };
const paths = new Map(); // of each other player the newest places, oldest first
let target = { ...mine };
let [told, drawn, last] = ["", "", 0];

const asked = Object.fromEntries(new URLSearchParams(location.search)); // /?room=DEN&name=Ann
const room = openRoom({ room: asked.room ?? "LOBBY", name: asked.name ?? "guest" });

room.on("updated", ({ key, sender, value }) => {
  // Others may run another version of this page, or none: look at what they say.
  if (key !== PLACE || !Array.isArray(value) || !value.every(Number.isFinite)) return;
  paths.set(sender, [...(paths.get(sender) ?? []), value].slice(-20));
});
room.on("left", ({ player }) => paths.delete(player.number));
room.on("resumed", ({ resumed }) => {
  if (!resumed) paths.clear(); // the room is told anew
  told = "";
});

canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
  const scale = canvas.width / canvas.clientWidth;
  target = { x: offsetX * scale, y: offsetY * scale };
});

function move(ms) {
  const [dx, dy] = [target.x - mine.x, target.y - mine.y];
  const share = Math.min(1, (SPEED * ms) / (Math.hypot(dx, dy) || 1));
  mine.x += dx * share;
  mine.y += dy * share;
}

function tell() {
  const place = [Math.round(mine.x), Math.round(mine.y)];
  // Who stands still says nothing: the relay keeps the newest place for those who join.
  if (told === String(place) || !room.clock.count) return;
  room.volatile(PLACE, [room.clock.now(), ...place]);
  told = String(place);
}

/** Returns where a player was at `time`: between what they told before and after it. */
function placeAt(path, time = room.clock.now() - DELAY) {
  const next = path.findIndex(([t]) => t > time);
  if (next < 1) return path.at(next).slice(1);
  const [[t0, x0, y0], [t1, x1, y1]] = path.slice(next - 1, next + 1);
  const from = Math.max(t0, t1 - DELAY); // until then they stood still
  const share = Math.max(0, (time - from) / (t1 - from));
  return [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share];
}

function drawPlayer(number, x, y) {
  // Whoever is away, or has lost their connection, is faint until they are back or leave.
  pen.fillStyle = `hsl(${number * 137} 75% 65% / ${room.players.get(number)?.state ? 0.3 : 1})`;
  pen.fillRect(x - 14, y - 14, 28, 28);
  pen.fillText(room.players.get(number)?.name ?? "", x, y - 24);
}

function draw() {
  const places = [...paths].map(([number, path]) => [number, ...placeAt(path)]);
  const picture = JSON.stringify([room.state, [...room.players], places, mine]);
  if (picture === drawn) return; // nothing has changed: the picture stays
  drawn = picture;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (const place of places) drawPlayer(...place);
  drawPlayer(room.me, mine.x, mine.y);
  const here = `Room ${room.code}, ${room.players.size} here. Point to where you want to go.`;
  line.textContent = room.state === "live" ? here : `The connection is ${room.state}.`;
}

Object.assign(pen, { font: "16px system-ui, sans-serif", textAlign: "center" });
setInterval(tell, 50); // ms
requestAnimationFrame(function frame(now) {
  move(Math.min(now - last, 100));
  draw();
  last = now;
  requestAnimationFrame(frame);
});

Object.assign(globalThis, { game: { room, mine, paths, placeAt } }); // for the browser's console

// The home page: find a room, or make one.

import type { ListedRoom } from "../index.js";
import { ApiError, describeRelay, listRooms, makeRoom, matchRoom } from "./api.js";
import { find, make, words } from "./dom.js";
import { legible } from "./legible.js";
import { storePassword } from "./memory.js";
import { whyNoRoom } from "./room-name.js";

const REFRESH = 3000;

const SNIPPET = `import { connect } from "URL";
const room = await connect({ room: "HELLO", name: "Bea" });
room.on("message", ({ player, value }) => {
  console.log(player.name, "says", value);
});
room.on("updated", ({ player, value }) => {
  console.log(player.name, "is at", value);
});
await room.send({ say: "hello" }); // in order, exactly once
room.volatile(0, [120, 80]); // the newest value is what counts`;

const field = (id: string): HTMLInputElement => find<HTMLInputElement>(id);

function enter(room: string, query = ""): void {
  location.assign(new URL(`r/${encodeURIComponent(room)}${query}`, document.baseURI));
}

/** Runs a button's action, one at a time, and shows an error beside it. */
function act(button: HTMLButtonElement, error: string, action: () => Promise<void>): void {
  button.disabled = true;
  find(error).textContent = "";
  action()
    .catch((problem: unknown) => {
      if (!(problem instanceof ApiError)) throw problem;
      find(error).textContent = problem.message;
    })
    .finally(() => (button.disabled = false));
}

find<HTMLButtonElement>("#match").addEventListener("click", ({ currentTarget }) => {
  act(currentTarget as HTMLButtonElement, "#match-error", async () =>
    enter((await matchRoom()).code),
  );
});

find("#join").addEventListener("submit", (event) => {
  event.preventDefault();
  act(event.submitter as HTMLButtonElement, "#join-error", async () => {
    const code = field("#join-code").value.trim().toUpperCase();
    if (!code) return;
    const why = whyNoRoom(code);
    find("#join-error").textContent = why;
    // REST does not tell of private rooms, so the room's page finds out by entering.
    if (!why) enter(code, "?join");
  });
});

find("#make").addEventListener("submit", (event) => {
  event.preventDefault();
  act(event.submitter as HTMLButtonElement, "#make-error", async () => {
    const password = field("#make-password").value;
    const { code } = await makeRoom({
      title: field("#make-name").value.trim(),
      capacity: field("#make-capacity").valueAsNumber,
      public: field("#make-public").checked,
      password,
    });
    if (password) storePassword(code, password); // its maker is not asked for it again
    enter(code);
  });
});

async function showRooms(): Promise<void> {
  if (document.hidden) return;
  const none = find("#rooms-none");
  try {
    const rooms = await listRooms();
    find("#rooms").replaceChildren(...rooms.map(row));
    none.textContent = "None yet. Play now, and yours is the first.";
    none.hidden = rooms.length > 0;
  } catch (problem) {
    none.textContent = problem instanceof ApiError ? problem.message : String(problem);
    none.hidden = false;
  }
}

function row({ code, title, players, capacity, host, password }: ListedRoom): HTMLLIElement {
  const shown = legible(title);
  const about = [
    ...(shown ? [code] : []),
    ...(host === null ? [] : [make("span", {}, "host: ", words(legible(host) || "a player without a name"))]),
    ...(password ? ["password"] : []),
  ];
  const link = make(
    "a",
    { href: new URL(`r/${code}`, document.baseURI).href },
    make("b", {}, words(shown || code)),
    make("span", { className: "places" }, `${players} / ${capacity}`),
    make("small", {}, ...(about.length ? between(about, " · ") : ["nobody is host"])),
  );
  return make("li", {}, link);
}

const between = (parts: readonly (Node | string)[], mark: string): (Node | string)[] =>
  parts.flatMap((part, index) => (index ? [mark, part] : [part]));

async function showRelay(): Promise<void> {
  const relay = await describeRelay();
  const players = relay.players === 1 ? "1 player" : `${relay.players} players`;
  find("#relay").textContent = `${players} online · Roomwire ${relay.version}`;
}

find("#snippet").textContent = SNIPPET.replace(
  "URL",
  new URL("client/roomwire.js", document.baseURI).href,
);
void showRooms();
showRelay().catch(() => {}); // the list of rooms shows the error
setInterval(() => void showRooms(), REFRESH);
document.addEventListener("visibilitychange", () => void showRooms());

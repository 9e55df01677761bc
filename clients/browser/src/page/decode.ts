// The decoder's page: bytes in, and what they say; or JSON in, and its bytes.

import { type Decoded, type Sender, decode } from "./decode/decoded.js";
import { bytesOfHex, hexOf } from "./decode/hex.js";
import { encodeText } from "./decode/short.js";
import { readFile, readText } from "./decode/sources/files.js";
import { NotReadable, type Said } from "./decode/sources/said.js";
import { NotEncodable, asJson, encodeTree, stringify } from "./decode/spelling.js";
import { spoken } from "./decode/spoken.js";
import { title } from "./decode/words.js";
import { find, make, write } from "./dom.js";
import { printable } from "../protocol/printable.js";
import { copyAs } from "./parts/copy-as.js";
import { FrameView } from "./parts/frame-view.js";
import { VirtualList } from "./parts/virtual-list.js";

declare global {
  interface Window {
    /** For the curious, and for tests: messages as `relay decode --json` has it. */
    roomwireDecoder: {
      decode(hex: string, by?: Sender | null): string;
    /** What is found in a file of these bytes. */
    read(hex: string): readonly (Omit<Said, "data"> & { readonly data: string })[];
      encode(json: string): string;
    };
  }
}

const EXAMPLES: Readonly<Record<string, string>> = {
  "a SEND": "93 10 C3 C4 08 81 A3 73 61 79 A2 68 69",
  "a DELIVER": "94 11 CD 03 2D 03 C4 0B 82 A1 78 CD 01 2C A1 79 CD 01 90",
  "a torn frame": "93 10 C3 C4 08 81 A3 73 61 79",
  "a slip in a frame": "93 24 A3 41 64 61 A3 61 66 6B",
};

const input = find<HTMLTextAreaElement>("#input");
const by = find<HTMLSelectElement>("#by");
const json = find<HTMLTextAreaElement>("#json");
const view = new FrameView();

let found: readonly Said[] = [];
let chosen = 0;
let shown: Decoded | null = null;

/** The names of connections, where there are several; #1 is the first. */
let connections: readonly string[] = [];

/** A message as a frame; null for a text, a close or a note. */
const decoded = ({ data, kind, by: said }: Said): Decoded | null =>
  kind === "binary" ? decode(data, said ?? ((by.value || null) as Sender | null)) : null;

const ROW = 28;
const MOST_ROWS = 8;

const list = new VirtualList({
  label: "Messages",
  height: ROW,
  count: () => found.length,
  fill(row, index) {
    const said = found[index]!;
    const message = decoded(said);
    const isBad = message ? message.fault !== null : said.kind === "text";
    row.classList.toggle("is-bad", isBad);
    write(row, `${index + 1}${placeOf(said)} · ${message ? title(message) : spoken(said)}`);
  },
  choose(index) {
    chosen = index;
    showChosen();
  },
});

/** In which connection it was said, and when, as far as that is known. */
function placeOf({ at, connection }: Said): string {
  const number = connections.length > 1 ? ` #${connections.indexOf(connection) + 1}` : "";
  return at === null ? number : `${number} +${(at - (found[0]!.at ?? 0)).toFixed(3)} s`;
}

function showChosen(): void {
  const said = found[chosen];
  shown = said ? decoded(said) : null;
  find("#shown").hidden = shown === null;
  find("#other").hidden = !said || shown !== null;
  write(find("#other"), said && !shown ? spoken(said) : "");
  view.show(shown);
}

function take(source: () => readonly Said[]): void {
  find("#input-error").textContent = "";
  try {
    found = source();
  } catch (error) {
    if (!(error instanceof NotReadable)) throw error;
    found = [];
    find("#input-error").textContent = error.message;
  }
  chosen = 0;
  const named = new Set(found.map(({ connection }) => connection).filter(Boolean));
  connections = [...named];
  const legend = connections.map((name, index) => `#${index + 1} is ${printable(name)}`);
  write(find("#connections"), legend.length > 1 ? legend.join("\n") : "");
  find("#several").hidden = found.length < 2;
  find("#several-title").textContent = `${found.length} messages`;
  list.element.style.height = `${Math.min(found.length, MOST_ROWS) * ROW + 2}px`;
  list.mark(0);
  showChosen();
}

const takeText = (): void => take(() => (input.value.trim() ? readText(input.value) : []));

function fill(text: string): void {
  input.value = text;
  takeText();
}

async function takeFile(file: File | undefined): Promise<void> {
  if (!file) return;
  const content = new Uint8Array(await file.arrayBuffer());
  input.value = "";
  take(() => readFile(content));
}

function enableEncoding(): void {
  find("#encode-ok").addEventListener("click", () => {
    find("#encode-error").textContent = "";
    try {
      fill(hexOf(encodeText(json.value), " "));
      view.element.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (!(error instanceof NotEncodable)) throw error;
      find("#encode-error").textContent = error.message;
    }
  });
}

function enableFiles(): void {
  const file = find<HTMLInputElement>("#file");
  file.addEventListener("change", () => {
    void takeFile(file.files?.[0]);
    file.value = ""; // so that the same file may be opened again
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("is-dropped-on");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("is-dropped-on"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("is-dropped-on");
    void takeFile(event.dataTransfer?.files[0]);
  });
}

function offerExamples(): void {
  const buttons = Object.entries(EXAMPLES).map(([label, hex]) => {
    const button = make("button", { className: "small", type: "button" }, label);
    button.addEventListener("click", () => {
      by.value = "";
      fill(hex);
    });
    return button;
  });
  find("#examples").append(...buttons);
}

/** Another page, or a link, may give the bytes: #hex=9310&by=client. */
function takeFragment(): void {
  const given = new URLSearchParams(location.hash.slice(1));
  by.value = given.get("by") ?? by.value;
  const hex = given.get("hex");
  if (hex !== null) fill(hex);
}

window.roomwireDecoder = {
  decode: (hex, sender = null) => stringify(asJson(decode(bytesOfHex(hex)!, sender))),
  read: (hex) => readFile(bytesOfHex(hex)!).map((said) => ({ ...said, data: hexOf(said.data) })),
  encode: (text) => hexOf(encodeTree(JSON.parse(text) as Record<string, unknown>)),
};
find("#connections").before(list.element);
find("#shown").append(
  copyAs(() => shown),
  view.element,
);
input.addEventListener("input", takeText);
by.addEventListener("change", () => {
  list.refresh();
  showChosen();
});
enableEncoding();
enableFiles();
offerExamples();
addEventListener("hashchange", takeFragment);
takeFragment();
takeText(); // what the browser kept of a visit before, too

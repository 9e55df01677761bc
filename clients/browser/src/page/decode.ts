// The decoder's page: bytes in, and what they say; or JSON in, and its bytes.

import { type Decoded, type Sender, decode } from "./decode/decoded.js";
import { bytesOfHex, hexOf } from "./decode/hex.js";
import { encodeText } from "./decode/short.js";
import { NotReadable, type Said, readFile, readText } from "./decode/sources.js";
import { NotEncodable, asJson, encodeTree, stringify } from "./decode/spelling.js";
import { title } from "./decode/words.js";
import { find, make, write } from "./dom.js";
import { copyAs } from "./parts/copy-as.js";
import { FrameView } from "./parts/frame-view.js";
import { VirtualList } from "./parts/virtual-list.js";

declare global {
  interface Window {
    /** For the curious, and for tests: both as `relay decode --json` has it. */
    roomwireDecoder: {
      decode(hex: string, by?: Sender | null): string;
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

const decoded = ({ data, by: said }: Said): Decoded =>
  decode(data, said ?? ((by.value || null) as Sender | null));

const ROW = 28;
const MOST_ROWS = 8;

const list = new VirtualList({
  label: "Messages",
  height: ROW,
  count: () => found.length,
  fill(row, index) {
    const said = found[index]!;
    const message = decoded(said);
    const began = found[0]!.at ?? 0;
    const when = said.at === null ? "" : ` +${(said.at - began).toFixed(3)} s`;
    row.classList.toggle("is-bad", message.fault !== null);
    write(row, `${index + 1}${when} · ${title(message)}`);
  },
  choose(index) {
    chosen = index;
    showChosen();
  },
});

function showChosen(): void {
  const said = found[chosen];
  shown = said ? decoded(said) : null;
  find("#shown").hidden = shown === null;
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
  encode: (text) => hexOf(encodeTree(JSON.parse(text) as Record<string, unknown>)),
};
find("#several").append(list.element);
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

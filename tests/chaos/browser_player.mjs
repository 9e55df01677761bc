// Players of a chaos run with the browser client, many in a page or a process. browser.py drives
// them. They report what they said and heard, and their state, in the form of journal.py:
//   {player, serial, said: [[kind, ...fields]], heard: [...], state: {...}}

const HASTE = 0.25; // share of the client's own delays between attempts, to keep a run short
const REASONS = new Set(["EPOCH_CHANGED", "ROOM_GONE", "HISTORY_TRIMMED", "SEAT_EXPIRED"]);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const make = (label, number, size = 0) => {
  const filler = `${number}.`.repeat(size).slice(0, size);
  return encoder.encode(`${label} ${number} ${size} ${filler}`);
};

const read = (payload) => {
  const text = decoder.decode(payload);
  const [label, number] = text.split(" ", 2);
  const [, , size] = text.split(" ", 3);
  const isOurs = text === decoder.decode(make(label, Number(number), Number(size)));
  return isOurs ? [label, Number(number)] : ["forged", 0];
};

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

class Player {
  said = [];
  heard = [];
  serial = 0;
  number = 0;
  update = 0;
  groups = new Set();
  refusal = "";
  lastSeat = "";
  closed = null;
  wasLive = false;
  isTelling = false;

  constructor(roomwire, tell, { label, url, seat, create }) {
    this.roomwire = roomwire;
    this.tell = tell;
    this.label = label;
    this.room = roomwire.openRoom(url, {
      name: label,
      seat: Uint8Array.from(seat.match(/../g), (byte) => parseInt(byte, 16)),
      create,
      storage: null,
      followPage: false,
    });
    this.protocol = this.room.protocol;
    this.watch(this.protocol);
    this.listen(this.room);
  }

  // The client, watched: what it says is noted at once.

  watch(protocol) {
    protocol.backoff.random = () => Math.random() * HASTE;
    this.wrap(protocol, "handle", (handle, frame, now) => {
      const reason = frame.type === "Error" ? this.codeName(frame.code) : "";
      if (REASONS.has(reason)) this.refusal = reason;
      handle(frame, now);
      this.changed();
    });
    this.wrap(protocol.seat, "welcomed", (welcomed, frame) => {
      this.said.push(["Acknowledged", protocol.seat.window.taken]);
      const continued = welcomed(frame);
      this.welcomed(frame, continued);
      return continued;
    });
    this.wrap(protocol.sendQueue, "open", (open, ...given) => {
      const lost = open(...given);
      const frames = lost.map((message) => this.roomwire.decode(message, "client"));
      if (lost.length > 0) this.said.push(["GivenUp", this.numbers(frames)]);
      return lost;
    });
  }

  wrap(object, name, around) {
    const original = object[name].bind(object);
    object[name] = (...given) => around(original, ...given);
  }

  welcomed({ player, seq, session }, { resumed }) {
    const epoch = hex(session.epoch);
    const isFirst = this.lastSeat === "";
    const seat = `${epoch} ${player}`;
    this.said.push(["Seated", epoch, player]);
    if (!isFirst && seat !== this.lastSeat && this.groups.size > 0) {
      // The client asks for its groups by itself.
      this.said.push(["Asked", session.taken + 1, seq, [...this.groups], []]);
    }
    this.lastSeat = seat;
    this.return = resumed ? ["Resumed"] : ["Began", epoch, player, this.refusal];
    this.refusal = "";
    if (isFirst) this.hear(...this.return);
  }

  // Events of the program.

  listen(room) {
    const on = (type, kind, fields) => room.on(type, (event) => this.hear(kind, ...fields(event)));
    room.on("resumed", () => this.hear(...this.return));
    room.on("closed", ({ code, text }) => {
      this.closed = [code, text];
      this.changed(); // nothing else may come before or after it
    });
    on("live", "Live", ({ seq }) => [seq, room.completeFrom]);
    room.on("live", () => (this.wasLive = true));
    on("message", "Delivered", ({ seq, sender, payload }) => [seq, sender, ...read(payload)]);
    on("updated", "Updated", ({ key, payload }) => [key, ...read(payload)]);
    on("joined", "Joined", ({ seq, player }) => [seq, player.number]);
    on("left", "Left", ({ seq, player }) => [seq, player.number]);
    on("hostChanged", "Hosted", ({ seq, player, term }) => [seq, player?.number ?? 0, term]);
    on("presenceChanged", "Told", ({ seq, player }) => [
      seq,
      `presence ${player.number} ${player.state}`,
    ]);
    on("propertyChanged", "Delivered", (event) => [event.seq, event.by, ...read(event.value)]);
    on("notice", "Noticed", ({ kind }) => [kind]);
    on("lost", "Announced", ({ messages }) => [this.numbers(messages)]);
    room.on("refused", ({ seq, frame, code }) => {
      // Before WELCOME it answers no frame.
      if (frame !== undefined) this.hear("Refused", seq, frame, this.codeName(code));
    });
  }

  hear(kind, ...fields) {
    this.heard.push([kind, ...fields]);
    this.changed();
  }

  codeName(code) {
    return Object.entries(this.roomwire.ErrorCode).find(([, value]) => value === code)?.[0] ?? "";
  }

  numbers(frames) {
    const payload = (frame) =>
      frame.type === "Set" ? this.roomwire.unpack(frame.value) : frame.payload;
    const numbered = frames.filter(({ type }) => type === "Send" || type === "Set");
    return numbered.map((frame) => read(payload(frame))[1]);
  }

  // What it can do. Each act resolves with its frame's number, if it has one.

  async send(target, size, expected) {
    const number = ++this.number;
    const payload = make(this.label, number, size);
    const count = await this.room.sendBytes(payload, { to: target });
    this.said.push(["Sent", number, count, target, this.protocol.seat.seq, expected]);
    return number;
  }

  async setProperty(key, expected) {
    const number = ++this.number;
    const where = expected === null ? {} : { expected };
    const count = await this.room.setProperty(key, make(this.label, number), where);
    const fate = expected === null ? "taken" : "either";
    this.said.push(["Sent", number, count, true, this.protocol.seat.seq, fate, false]);
    return number;
  }

  async subscribe(add, remove) {
    for (const group of add) this.groups.add(group);
    for (const group of remove) this.groups.delete(group);
    const { room } = this;
    await this.ask(add.length > 0 ? room.subscribe(...add) : room.unsubscribe(...remove), add, remove);
  }

  transfer(player) {
    return this.ask(this.room.transfer(player));
  }

  kick(player) {
    return this.ask(this.room.kick(player));
  }

  async ask(counting, add = [], remove = []) {
    const count = await counting; // first, as `news` may replace this list in the meantime
    this.said.push(["Asked", count, this.protocol.seat.seq, add, remove]);
  }

  volatile(key) {
    this.room.volatileBytes(key, make(this.label, ++this.update));
  }

  presence(state) {
    this.room.presence(state);
  }

  leave() {
    this.acknowledge();
    this.room.leave();
  }

  acknowledge() {
    this.said.push(["Acknowledged", this.protocol.seat.window.taken]);
  }

  // What goes out.

  changed() {
    if (this.isTelling) return;
    this.isTelling = true;
    setTimeout(() => {
      this.isTelling = false;
      this.tell(this.news());
    });
  }

  news() {
    const { said, heard } = this;
    this.said = [];
    this.heard = [];
    return { player: this.label, serial: this.serial++, said, heard, state: this.state() };
  }

  state() {
    const { seat, sendQueue } = this.protocol;
    return {
      me: this.room.me,
      others: [...this.room.players.keys()].filter((number) => number !== this.room.me),
      taken: seat.window.taken,
      wasLive: this.wasLive,
      isSettled: sendQueue.isSettled && this.room.state === "live",
      closed: this.closed,
    };
  }
}

/** Makes a function that carries out `{player, act, given}`. It calls `tell` with players' news. */
export function stage(roomwire, tell) {
  const players = new Map();
  return async ({ player: label, act, given }) => {
    if (act === "enter") players.set(label, new Player(roomwire, tell, given[0]));
    const player = players.get(label);
    let result = null;
    let error = null;
    try {
      if (act !== "enter") result = (await player[act](...given)) ?? null;
    } catch (refusal) {
      error = String(refusal);
    }
    return { ...player.news(), result, error };
  };
}

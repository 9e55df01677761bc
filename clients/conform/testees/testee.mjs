// Our browser client under test, wherever it runs: lines in, lines out.

const CAN = [
  "volatile", "subscribe", "set", "kick", "transfer", "presence", "snapshot", "clock", "seat",
  "lost", "create", "spectator", "history", "frame", "hold",
];

const HEX = Array.from({ length: 256 }, (_, each) => each.toString(16).padStart(2, "0"));

function hex(bytes) {
  let text = "";
  for (const each of bytes) text += HEX[each];
  return text;
}

const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (each) => parseInt(each, 16));

const NAMES = { host_keys: "hostKeys", host_away: "hostAway" };

/**
 * Makes a program of the client.
 *
 * @param roomwire the client's module
 * @param name what it calls itself
 * @param write takes one line
 * @returns takes one line
 */
export function testee({ openRoom, group }, name, write) {
  let room = null;
  let reading = null;
  let readOn = null;

  const tell = (event, fields = {}) => write(JSON.stringify({ event, ...fields }));

  function options({ seat, max_frame, can_host, create, ...rest }) {
    const given = { ...rest, followPage: false };
    if (seat !== undefined) given.seat = bytes(seat);
    if (max_frame !== undefined) given.maxFrame = max_frame;
    if (can_host !== undefined) given.canHost = can_host;
    if (create !== undefined) given.create = typeof create === "object" ? camel(create) : create;
    return given;
  }

  function camel(record) {
    const pairs = Object.entries(record).map(([key, value]) => [NAMES[key] ?? key, value]);
    return Object.fromEntries(pairs);
  }

  const target = (to) => (typeof to === "number" && to < 0 ? group(-to) : to);

  async function follow(url, given) {
    const own = openRoom(url, { storage: null, ...options(given) });
    room = own;
    for await (const event of own) {
      await reading;
      if (room === own) happened(own, event);
    }
  }

  function happened(own, event) {
    const { seq } = event;
    switch (event.type) {
      case "message":
        return tell("message", {
          seq,
          sender: event.sender,
          payload: hex(event.payload),
          history: event.isHistory,
        });
      case "updated":
        return tell("update", {
          key: event.key,
          sender: event.sender,
          payload: hex(event.payload),
        });
      case "live":
        return tell("live", {
          player: own.me,
          room: own.code,
          seq,
          complete_from: own.completeFrom,
        });
      case "reconnecting":
        return tell("reconnecting");
      case "resumed":
        return tell("resumed", { resumed: event.resumed });
      case "lost":
        return tell("lost", { count: event.messages.length });
      case "closed":
        return tell("closed", {
          code: event.code,
          reason: event.reason,
          may_return: event.mayReturn,
        });
      case "refused":
        return tell("refused", { code: event.code, frame: event.frame ?? null, seq });
      case "notice":
        return tell("notice", { kind: event.kind, ...event.detail });
      default:
        return fact(event);
    }
  }

  function fact(event) {
    const { seq, player } = event;
    switch (event.type) {
      case "joined":
        return tell("joined", {
          player: player.number,
          name: player.name,
          role: player.role,
          can_host: player.canHost,
          seq,
        });
      case "left":
        return tell("left", { player: player.number, reason: event.reason, seq });
      case "presenceChanged":
        return tell("presence", { player: player.number, state: player.state, seq });
      case "hostChanged":
        return tell("host", { player: player?.number ?? 0, term: event.term, seq });
      case "propertyChanged":
        return tell("property", {
          scope: event.scope,
          key: event.key,
          payload: event.payload && hex(event.payload),
          version: event.version,
          by: event.by,
          seq,
        });
      case "snapshotReceived":
        return tell("snapshot", { seq, payload: hex(event.payload) });
      case "snapshotWanted":
        return tell("snapshot_wanted", { seq });
    }
  }

  const actions = {
    send: ({ payload, to }) => room.sendBytes(bytes(payload), { to: target(to) }),
    volatile: ({ key, payload, to }) => room.volatileBytes(key, bytes(payload), { to: target(to) }),
    subscribe: ({ groups }) => room.subscribe(...groups),
    unsubscribe: ({ groups }) => room.unsubscribe(...groups),
    set: ({ key, value, scope, expected }) =>
      room.setProperty(key, value, { player: scope, expected }),
    delete: ({ key, scope }) => room.deleteProperty(key, { player: scope }),
    kick: ({ player, reason }) => room.kick(player, reason),
    transfer: ({ player }) => room.transfer(player),
    presence: ({ state }) => room.presence(state),
    snapshot: ({ payload, seq }) => room.giveSnapshotBytes(bytes(payload), { seq }),
    leave: () => room.leave(),
    clock: () => tell("clock", { now: room.clock.now() }),
    hold: () => {
      reading = new Promise((resolve) => (readOn = resolve));
    },
    go_on: () => readOn(),
    reset: () => {
      readOn?.();
      room?.leave();
      room = reading = null;
      tell("reset");
    },
  };

  const fail = (what) => (error) => tell("error", { do: what, text: String(error) });

  tell("hello", { name, can: CAN });
  return (line) => {
    const { do: what, ...given } = JSON.parse(line);
    try {
      const done = what === "connect" ? follow(given.url, given.options) : actions[what](given);
      Promise.resolve(done).catch(fail(what));
    } catch (error) {
      fail(what)(error);
    }
  };
}

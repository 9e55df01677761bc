// Rooms on Colyseus without a state to synchronise: broadcast to everybody except the sender.
import { createServer } from "node:http";
import { Room, Server } from "@colyseus/core";
import { WebSocketTransport } from "@colyseus/ws-transport";

class Relay extends Room {
  maxClients = 64;
  patchRate = null; // there is no state, so Colyseus need not look for changes 20 times a second

  onCreate() {
    this.onMessageBytes("message", (client, bytes) => {
      this.broadcastBytes("message", bytes, { except: client });
    });
  }
}

const server = new Server({
  transport: new WebSocketTransport({ server: createServer() }),
  greet: false,
});
server.define("relay", Relay).filterBy(["table"]);
await server.listen(Number(process.argv[2]), "127.0.0.1");

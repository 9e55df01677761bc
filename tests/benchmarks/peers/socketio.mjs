// Rooms on socket.io, written as its documentation shows: join, then emit to the room's others.
import { Server } from "socket.io";

const io = new Server(Number(process.argv[2]), { transports: ["websocket"] });

io.on("connection", (socket) => {
  socket.on("join", (room, done) => {
    socket.join(room);
    socket.data.room = room;
    done();
  });
  socket.on("message", (data) => {
    socket.to(socket.data.room).emit("message", data);
  });
});

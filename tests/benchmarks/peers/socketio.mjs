// Rooms on socket.io, as its documentation writes them: join, then emit to the others of the room.
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

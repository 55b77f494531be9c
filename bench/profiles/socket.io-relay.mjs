// A relay on Socket.IO: who connects is in the room that their address names, and what is said is
// said to everyone in it. Needs `npm ci` in this folder; prints its address.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, { transports: ["websocket"] });

server.on("connection", (socket) => {
  const { room } = socket.handshake.query;
  socket.join(room);
  socket.on("say", (text) => server.to(room).emit("say", text));
});
http.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  console.log(`ws://127.0.0.1:${http.address().port}`);
});

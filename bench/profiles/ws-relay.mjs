// A relay on node's ws, as little as a server of rooms can be there: a room is a path, and what is
// sent is sent to everyone in it. Needs `npm ci` in this folder; prints its address.
import { WebSocketServer } from "ws";

const rooms = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0) });

server.on("connection", (socket, request) => {
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room.add(socket));
  socket.on("message", (data, binary) => {
    for (const one of room) one.send(data, { binary });
  });
  socket.on("close", () => {
    room.delete(socket);
    if (room.size === 0) rooms.delete(request.url);
  });
});
server.on("listening", () => console.log(`ws://127.0.0.1:${server.address().port}`));

// Loaded into a program under test (NODE_OPTIONS=--import): writes down where each connection of it goes,
// host name or address.
import diagnostics from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";

diagnostics.subscribe("net.client.socket", ({ socket }) => {
  const record = (place) => appendFileSync(process.env.CONNECTIONS, `${place}\n`);
  socket.on("lookup", (_error, _address, _family, host) => record(host));
  socket.on("connectionAttempt", (address) => record(address));
});

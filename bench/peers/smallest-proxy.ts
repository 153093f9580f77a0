import { Agent, createServer, request } from "node:http";

/* The fewest lines that pass requests on: what a door is measured against. From PORT to UPSTREAM_PORT. */

const agent = new Agent({ keepAlive: true });
const port = Number(process.env.UPSTREAM_PORT);

const server = createServer((incoming, outgoing) => {
  const { method, url: path, headers } = incoming;
  const onward = request({ agent, host: "127.0.0.1", port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
});
server.keepAliveTimeout = 120_000;
server.listen(Number(process.env.PORT), "127.0.0.1");

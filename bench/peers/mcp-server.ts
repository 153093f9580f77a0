import { createServer } from "node:http";

/*
 * An MCP server that does nothing: answers a call with a few bytes, one of the tool `big` with a megabyte as
 * it comes, and keeps a GET open without a message. PORT says where.
 */

const small = Buffer.from(
  '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"Noted. You have 3 now."}]}}',
);
const piece = Buffer.alloc(16_384, "x");

const server = createServer((request, response) => {
  if (request.url !== "/mcp") return void response.writeHead(404).end();
  if (request.method === "GET") {
    // A comment, since the smallest proxy passes no head on by itself.
    response.writeHead(200, { "content-type": "text/event-stream" }).write(":\n\n");
    return;
  }
  let body = "";
  request.setEncoding("latin1").on("data", (text: string) => {
    body += text;
  });
  request.on("end", () => {
    if (!body.includes('"big"')) {
      response
        .writeHead(200, { "content-type": "application/json", "content-length": small.length })
        .end(small);
      return;
    }
    response.writeHead(200, { "content-type": "application/octet-stream" });
    let left = 64;
    const more = () => {
      while (left > 0) {
        left--;
        if (!response.write(piece)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  });
});
server.keepAliveTimeout = 120_000;
server.listen(Number(process.env.PORT), "127.0.0.1");

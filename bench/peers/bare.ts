/** The measure of all others: `node:http` that reads a form and writes a fixed JSON, and no more. */
import { createServer } from "node:http";

const now = Math.floor(Date.now() / 1000);
const fixed = JSON.stringify({
  active: true,
  sub: "user_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq",
  username: "alice.liddell@example.com",
  token_type: "Bearer",
  exp: now + 3600,
  client_id: "dyn_ABCDEFGHIJKLMNOPQRSTUV",
  scope: "notes:read offline_access",
  aud: "https://notes.example.com/mcp",
  iss: "https://auth.example.com",
  iat: now,
});
const headers = {
  "Content-Type": "application/json",
  "Cache-Control": "no-store",
  "Content-Length": fixed.length,
};

createServer((request, response) => {
  if (request.method === "GET") return void response.writeHead(200, headers).end(fixed);
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => {
    text += chunk;
  });
  request.on("end", () => {
    new URLSearchParams(text).get("token");
    response.writeHead(200, headers).end(fixed);
  });
}).listen(Number(process.argv[2]), "127.0.0.1");

/**
 * `node:http` without a framework or a store that does the visible work of what it is asked: parses form or
 * JSON, compares the credential in constant time, makes what the answer holds, and builds it.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";

const credential = digest(`Bearer gatehouse_rs_${"A".repeat(43)}`);

function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

function answerTo(request: IncomingMessage, body: string): { status: number; value: unknown } {
  const now = Math.floor(Date.now() / 1000);
  if (request.url === "/register") {
    const metadata = JSON.parse(body) as Record<string, unknown>;
    const id = randomBytes(16).toString("base64url");
    return { status: 201, value: { client_id: `dyn_${id}`, client_id_issued_at: now, ...metadata } };
  }
  const form = new URLSearchParams(body);
  if (request.url === "/introspect") {
    if (!timingSafeEqual(digest(request.headers.authorization ?? ""), credential)) {
      return { status: 401, value: { error: "invalid_token" } };
    }
    digest(form.get("token") ?? "");
    return { status: 200, value: { active: true, ...described, exp: now + 3600, iat: now } };
  }
  digest(form.get("refresh_token") ?? form.get("code") ?? "");
  const value = {
    access_token: `gatehouse_at_${randomBytes(32).toString("base64url")}`,
    token_type: "Bearer",
    expires_in: 3600,
    refresh_token: `gatehouse_rt_${randomBytes(52).toString("base64url")}`,
    scope: described.scope,
  };
  return { status: 200, value };
}

const described = {
  sub: "user_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq",
  username: "alice.liddell@example.com",
  token_type: "Bearer",
  client_id: "dyn_ABCDEFGHIJKLMNOPQRSTUV",
  scope: "notes:read offline_access",
  aud: "https://notes.example.com/mcp",
  iss: "https://auth.example.com",
};

createServer((request, response) => {
  const answer = ({ status, value }: { status: number; value: unknown }) => {
    const text = JSON.stringify(value);
    response
      .writeHead(status, {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "Content-Length": Buffer.byteLength(text),
      })
      .end(text);
  };
  if (request.method === "GET") return answer({ status: 200, value: described });
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => {
    text += chunk;
  });
  request.on("end", () => answer(answerTo(request, text)));
}).listen(Number(process.argv[2]), "127.0.0.1");

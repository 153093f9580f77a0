import type { Answer } from "./answer.ts";

/** The answer to a request for a JSON document that anybody may read, and nobody write. */
export function publicDocument(method: string, body: string): Answer {
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, headers: { Allow: "GET, HEAD, OPTIONS" }, body: "" };
  }
  const headers = { "Content-Type": "application/json", "Cache-Control": "public, max-age=300" };
  return { status: 200, headers, body: method === "HEAD" ? "" : body };
}

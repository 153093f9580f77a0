import type { Answer } from "./answer.ts";
import { corsHeaders } from "./cors.ts";

/** A JSON document that anybody may read, and nobody write. */
export function publicDocument(method: string, body: string): Answer {
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, headers: { ...corsHeaders, Allow: "GET, HEAD, OPTIONS" }, body: "" };
  }
  const headers = {
    ...corsHeaders,
    "Content-Type": "application/json",
    "Cache-Control": "public, max-age=300",
  };
  return { status: 200, headers, body: method === "HEAD" ? "" : body };
}

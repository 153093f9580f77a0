import assert from "node:assert/strict";
import { type Answer, read } from "../support/oauth-client.ts";

interface ProgramRequest {
  readonly method?: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * A request of the client's program. From a browser page (it has an `origin`) as a browser lets it through:
 * preflight first, answer readable.
 */
export async function send(url: string, request: ProgramRequest): Promise<Answer> {
  const { origin } = request.headers;
  if (origin !== undefined) await preflight(url, origin, request);
  const answer = await read(await fetch(url, { ...request, redirect: "manual" }));
  if (origin !== undefined) approves(answer.headers, origin, url);
  return answer;
}

/** Fetch standard §4.8: asked for headers that are not safelisted; the method alone never needs it here. */
async function preflight(
  url: string,
  origin: string,
  { method = "GET", headers }: ProgramRequest,
): Promise<void> {
  const asked = Object.entries(headers)
    .filter(([name, value]) => !isSafelisted(name, value))
    .map(([name]) => name)
    .sort();
  if (asked.length === 0) return;
  const response = await fetch(url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": method,
      "access-control-request-headers": asked.join(","),
    },
  });
  await response.body?.cancel();
  assert.ok(response.ok, `preflight of ${url}: ${response.status}`);
  approves(response.headers, origin, url);
  const allowed = (response.headers.get("access-control-allow-headers") ?? "").toLowerCase().split(/, */);
  // Without credentials `*` stands for all but one (Fetch standard §4.9).
  const all = allowed.includes("*") ? asked.filter((name) => name !== "authorization") : [];
  for (const name of asked) {
    assert.ok(allowed.includes(name) || all.includes(name), `${name} may not be sent to ${url}`);
  }
}

function approves(headers: Headers, origin: string, url: string): void {
  assert.ok(["*", origin].includes(headers.get("access-control-allow-origin") ?? ""), `${origin} at ${url}`);
  assert.equal(headers.get("access-control-allow-credentials"), null);
}

function isSafelisted(name: string, value: string): boolean {
  // The browser's own, which no page can set.
  if (["origin", "user-agent", "accept"].includes(name)) return true;
  return name === "content-type" && value === "application/x-www-form-urlencoded";
}

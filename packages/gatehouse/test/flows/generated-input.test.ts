import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { createGenerator } from "../support/generated-values.ts";
import { resource, tokensFor } from "../support/oauth-client.ts";
import { exchange, type RawRequest, type RawResponse } from "../support/raw-exchange.ts";
import { type Cast, makeCast } from "../support/request-templates.ts";
import { spoil } from "../support/spoiled-request.ts";

/*
 * Every member of every request, on every endpoint, replaced by generated values: good requests, each with
 * something wrong in it, so that they get as far as they can. `SWEEP=first:count` runs other or
 * more of them.
 */

const [first = 1, count = 1500] = (process.env.SWEEP ?? "").split(":").filter(Boolean).map(Number);
/** Some requests use up what they are made of: codes, attempts, clients. */
const requestsPerCast = 60;

let server: TestGatehouse;
let cast: Cast;
before(async () => {
  server = await startTestGatehouse({ LOG_FORMAT: "json", TRUSTED_PROXIES: "loopback" }, "dev");
  await server.addResource(resource, { "notes:read": "Read your notes" });
});
after(async () => {
  cast?.close();
  await server?.stop();
});

test("no value in any parameter, member, claim, cookie or header of any request is more than its sender's error", async () => {
  const port = Number(new URL(server.url).port);
  const problems: string[] = [];
  for (let seed = first; seed < first + count; seed++) {
    if ((seed - first) % requestsPerCast === 0) {
      cast?.close();
      cast = await makeCast(server);
    }
    const logged = server.log.length;
    const generator = createGenerator(seed);
    const { about, request } = spoil(generator.pick(cast.templates), generator);
    const response = await exchange(port, request);
    const problem = faultOf(request, response) ?? loggedError(server.log.slice(logged));
    if (problem === undefined) continue;
    problems.push(`case ${seed}, ${about}: ${problem}\n${show(request)}\n${show(response)}`);
    if (problems.length === 10) break;
  }
  assert.equal(problems.length, 0, problems.join("\n\n"));
});

test("after all of them an honest client is served as before", async () => {
  assert.ok((await tokensFor(server, cast.client)).refresh_token);
});

/**
 * What is wrong with an answer; `undefined` when nothing is. Every refusal has a shape: an OAuth error in
 * JSON, or a page.
 */
function faultOf({ method }: RawRequest, { status, headers, body }: RawResponse): string | undefined {
  if (status === 0) return "no answer";
  if (status >= 500) return "a failure";
  if (headers.x !== undefined) return "a header was injected";
  if (status >= 300 && status < 400)
    return headers.location !== undefined && URL.canParse(headers.location, server.url)
      ? undefined
      : "no location";
  if (status < 400 || method === "HEAD") return undefined;
  if (headers["content-type"] === "text/html; charset=utf-8") {
    return body.startsWith("<!doctype html>") ? undefined : "no page";
  }
  if (headers["content-type"] !== "application/json") return "no shape";
  const { error, ok } = JSON.parse(body) as Record<string, unknown>;
  return typeof error === "string" || ok === false ? undefined : "no error code";
}

/** The line of an alarm, or one that a stranger broke. */
function loggedError(lines: readonly string[]): string | undefined {
  const entries = lines.join("").split("\n").filter(Boolean);
  return entries.find((line) => {
    const { level } = JSON.parse(line) as { level: string };
    return level === "error" || level === "fatal";
  });
}

function show(message: object): string {
  return JSON.stringify(message).slice(0, 2000);
}

import assert from "node:assert/strict";
import { everyClient as everyRecord } from "../../src/insight/doctor/walk/every-client.ts";
import { type ClientFixture, fixtureOf, type Pointed } from "./fixture.ts";

/** Those that are pointed at other servers than most, each for the trap that lies in its address. */
const pointed: Readonly<Record<string, Pointed>> = {
  "ChatGPT, without a signature": { mcpServer: "https://notes.example.com" },
  // A server without a path whose metadata spell it with a slash, as `new URL()` does (field notes 1.18).
  "TypeScript SDK v1": { mcpServer: "https://wiki.example.com", published: "https://wiki.example.com/" },
  "claude.ai": { guesses: true },
  "claude.ai, without a secret": { guesses: true },
  "claude.ai, with a secret from the operator": { guesses: true },
  "Visual Studio Code": { guesses: true },
};

/** Every known client as it behaves here: adding one is adding a record. */
export const everyClient: readonly ClientFixture[] = everyRecord.map((record) =>
  fixtureOf(record, pointed[record.name]),
);

/** The one of that name. */
export function theClient(name: string): ClientFixture {
  const found = everyClient.find((client) => client.name === name);
  assert.ok(found, `no client is called ${name}`);
  return found;
}

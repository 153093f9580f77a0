import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import type { ClientFixture } from "./fixture.ts";

const folder = new URL("fixtures/", import.meta.url);

/** What stands in `fixtures/`: adding a client is adding a file. */
export async function everyClient(): Promise<ClientFixture[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const clients = await Promise.all(files.sort().map(readClient));
  assert.equal(new Set(clients.map(({ name }) => name)).size, clients.length, "two fixtures have one name");
  return clients;
}

async function readClient(file: string): Promise<ClientFixture> {
  const { client } = (await import(new URL(file, folder).href)) as { client?: ClientFixture };
  assert.ok(client, `${file} exports no client`);
  return client;
}

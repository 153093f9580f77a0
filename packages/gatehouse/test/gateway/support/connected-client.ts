import type { TestContext } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

/** Whether it speaks what it spoke before 2026-07-28, or finds out what the server speaks. */
export const modes = ["legacy", "auto"] as const;

/** A client on the official SDK that has a token already, connected until the end of the test. */
export async function connectedClient(
  t: TestContext,
  url: string,
  mode: (typeof modes)[number],
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Client> {
  const client = new Client({ name: "t", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { ...headers, authorization: `Bearer ${token}` } },
    }),
  );
  t.after(() => client.close());
  return client;
}

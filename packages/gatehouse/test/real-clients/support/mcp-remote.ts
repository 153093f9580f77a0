import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { Browse } from "./person.ts";

const program = fileURLToPath(import.meta.resolve("mcp-remote/dist/proxy.js"));

/**
 * `mcp-remote` on one person's computer, for a host application that can only start programs and talk to them
 * over stdio.
 */
export class McpRemote {
  readonly #url: string;
  readonly #folder: string;
  readonly #clients: Client[] = [];
  #printed = "";

  private constructor(url: string, folder: string) {
    this.#url = url;
    this.#folder = folder;
  }

  static async install(t: TestContext, url: string): Promise<McpRemote> {
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-mcp-remote-"));
    const remote = new McpRemote(url, folder);
    t.after(async () => {
      for (const client of remote.#clients) await client.close(); // which ends its process
      await rm(folder, { recursive: true, force: true });
    });
    return remote;
  }

  /** What it has told the person since it was last started. */
  get printed(): string {
    return this.#printed;
  }

  /** Starts it, as the host application does; `browse` is asked whenever it wants the person's browser. */
  async start(browse: Browse): Promise<Client> {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [program, this.#url, "--transport", "http-only"],
      // A computer without a desktop, whose browser does nothing: the person follows the printed address.
      env: { HOME: this.#folder, MCP_REMOTE_CONFIG_DIR: this.#folder, BROWSER: "true" },
      stderr: "pipe",
    });
    const client = new Client({ name: "host application", version: "1.0.0" });
    this.#clients.push(client);
    let printed = "";
    let asked = 0;
    const browsed = new Promise<never>((_, reject) => {
      transport.stderr?.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
        this.#printed = printed;
        const urls = [...printed.matchAll(/Please authorize this client by visiting:\s+(http\S+)\s/g)];
        for (const [, url = ""] of urls.slice(asked)) browse(new URL(url)).catch(reject);
        asked = urls.length;
      });
    });
    await Promise.race([client.connect(transport), browsed]);
    return client;
  }
}

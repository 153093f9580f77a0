import { spawn } from "node:child_process";
import { once } from "node:events";
import { DatabaseSync } from "node:sqlite";
import { startTestGatehouse, type TestGatehouse } from "./gatehouse.ts";
import { makeSigningKey, startUpstream, type Upstream } from "./upstream.ts";

/*
 * Failures of real life, staged for real, for whoever tests what page, log, trace or `doctor` say of them.
 */

/** A server whose provider can be stopped, restarted with other keys, and sent off its clock. */
export async function startWithOwnProvider(
  environment: Record<string, string> = {},
): Promise<{ readonly server: TestGatehouse; readonly provider: StagedProvider; stop(): Promise<void> }> {
  const provider = new StagedProvider(await startUpstream({ anyPort: true }));
  const server = await startTestGatehouse({ UPSTREAM_ISSUER: provider.now.issuer, ...environment });
  provider.redirectUri = `${server.issuer}/callback`;
  await provider.restart();
  return {
    server,
    provider,
    async stop() {
      await server.stop();
      await provider.now.close();
    },
  };
}

class StagedProvider {
  now: Upstream;
  redirectUri = "";
  constructor(first: Upstream) {
    this.now = first;
  }

  /** @param behaviour `otherKey`: signs with another key under the same `kid`; or knows another callback */
  async restart(behaviour: { readonly otherKey?: true; readonly redirectUri?: string } = {}): Promise<void> {
    const { issuer } = this.now;
    await this.now.close();
    this.now = await startUpstream({
      anyPort: behaviour.redirectUri === undefined,
      port: Number(new URL(issuer).port),
      redirectUris: [behaviour.redirectUri ?? this.redirectUri],
      ...(behaviour.otherKey && { key: await makeSigningKey() }),
    });
  }
}

/** Another process, as far as SQLite is concerned, that holds the database until it is let go. */
export function lockDatabase(path: string): { release(): void } {
  const other = new DatabaseSync(path);
  other.exec("begin immediate");
  return {
    release() {
      other.exec("rollback");
      other.close();
    },
  };
}

/** Really another process that holds the database until it is let go. */
export async function lockFromProcess(
  path: string,
): Promise<{ readonly pid: number | undefined; release(): Promise<void> }> {
  const program = `const { DatabaseSync } = require("node:sqlite");
    new DatabaseSync(${JSON.stringify(path)}).exec("begin immediate");
    console.log("locked");
    setInterval(() => undefined, 1000);`;
  const holder = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  return {
    pid: holder.pid,
    async release() {
      holder.kill();
      await once(holder, "exit");
    },
  };
}

type Line = Readonly<Record<string, unknown>>;

/** The lines of an event in a server's log. */
export function linesOf({ log }: Pick<TestGatehouse, "log">, event: string): Line[] {
  return log
    .flatMap((text) => text.trim().split("\n"))
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.event === event);
}

/** Waits for a line that comes by itself. */
export async function untilLine(server: Pick<TestGatehouse, "log">, event: string): Promise<Line> {
  for (;;) {
    const line = linesOf(server, event).at(-1);
    if (line !== undefined) return line;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

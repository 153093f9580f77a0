import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { installedWith } from "../lock-file.ts";
import type { Packed } from "../pack.ts";

const root = resolve(import.meta.dirname, "../..");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly [member: string]: unknown;
}

interface Offered {
  readonly manifest: Manifest;
  tarball(): Buffer;
}

/**
 * An npm registry on this computer that knows our two packages as they were packed, and what they need in the
 * versions installed here. So a test types what a stranger would, `npx mcp-gatehouse dev`, without the
 * internet and with the same outcome next year.
 */
export async function startRegistry(packed: Packed): Promise<{ readonly url: string; close(): void }> {
  const offered = new Map<string, Offered[]>();
  const offer = (one: Offered) =>
    offered.set(one.manifest.name, [...(offered.get(one.manifest.name) ?? []), one]);
  for (const file of [packed.server, packed.kit]) {
    const manifest = execFileSync("tar", ["-xzOf", basename(file), "package/package.json"], {
      cwd: dirname(file),
      encoding: "utf8",
    });
    offer({ manifest: JSON.parse(manifest) as Manifest, tarball: () => readFileSync(file) });
  }
  for (const path of installedWith("packages/gatehouse")) {
    // Those of the workspace are offered already; those for another platform are not here.
    const folder = join(root, path);
    if (!path.includes("node_modules/") || !existsSync(folder)) continue;
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    offer({ manifest, tarball: () => packInstalled(folder) });
  }

  const server = createServer((request, response) => {
    const [name = "", version] = decodeURIComponent((request.url ?? "").slice(1)).split("/-/");
    const versions = offered.get(name);
    if (versions === undefined) return answer(response, 404, "{}");
    if (version === undefined) return answer(response, 200, JSON.stringify(describe(versions)));
    const wanted = versions.find(({ manifest }) => `${manifest.version}.tgz` === version);
    return wanted === undefined ? answer(response, 404, "") : answer(response, 200, wanted.tarball());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function describe(versions: readonly Offered[]): object {
    const [{ manifest } = { manifest: { name: "", version: "" } }] = versions;
    const entries = versions.map(({ manifest: { name, version, ...rest } }) => [
      version,
      { ...rest, name, version, dist: { tarball: `${url}/${name}/-/${version}.tgz` } },
    ]);
    return {
      name: manifest.name,
      "dist-tags": { latest: manifest.version },
      versions: Object.fromEntries(entries),
    };
  }
  return { url, close: () => server.close() };
}

function answer(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { "content-type": "application/json" }).end(body);
}

/** npm takes off the first folder of each path, whatever its name. */
function packInstalled(folder: string): Buffer {
  const args = ["-czf", "-", "--exclude=node_modules", basename(folder)];
  return execFileSync("tar", args, { cwd: dirname(folder), maxBuffer: 100_000_000 });
}

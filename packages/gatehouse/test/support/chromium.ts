import { execFileSync } from "node:child_process";
import {
  chmodSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

export interface Chromium {
  readonly executable: string;
  /** Added to the browser's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A Chromium to run: `CHROMIUM_PATH`, the system's, or the one that ships inside `@sparticuz/chromium`,
 * unpacked once a machine with the libraries a bare system lacks. Test processes that unpack at the same time
 * do not disturb each other: each works in a folder of its own and the first to finish gives it its name.
 */
export async function findChromium(): Promise<Chromium> {
  const installed = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
  if (existsSync(installed)) return { executable: installed, environment: {} };
  const packed = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "../../bin");
  const folder = join(tmpdir(), "gatehouse-test-chromium-143");
  if (!existsSync(folder)) await unpack(packed, folder);
  const libraries = [join(folder, "al2023/lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  // The system's own libraries are the better ones where it has them.
  const environment = existsSync("/usr/lib/x86_64-linux-gnu/libnss3.so")
    ? {}
    : { LD_LIBRARY_PATH: libraries };
  return {
    executable: join(folder, "chromium"),
    environment: { ...environment, FONTCONFIG_FILE: join(folder, "fonts.conf") },
  };
}

async function unpack(packed: string, folder: string): Promise<void> {
  const draft = mkdtempSync(join(tmpdir(), "gatehouse-test-unpacking-"));
  await inflate(join(packed, "chromium.br"), createWriteStream(join(draft, "chromium")));
  chmodSync(join(draft, "chromium"), 0o755);
  for (const archive of ["al2023", "fonts", "swiftshader"]) {
    // swiftshader's libraries belong beside the executable.
    const target = archive === "swiftshader" ? draft : join(draft, archive);
    mkdirSync(target, { recursive: true });
    // By way of a file: tar stops reading at the archive's end, which a pipe reports as a failure.
    const unpacked = join(draft, `${archive}.tar`);
    await inflate(join(packed, `${archive}.tar.br`), createWriteStream(unpacked));
    execFileSync("tar", ["-xf", unpacked, "-C", target]);
    rmSync(unpacked);
  }
  writeFileSync(join(draft, "fonts.conf"), fontConfiguration(folder));
  try {
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(folder)) throw error; // otherwise another process was first
  }
}

/**
 * The system's fonts and the packed ones: the packed configuration names folders of another system, and
 * without any font pages crash.
 */
function fontConfiguration(folder: string): string {
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>${folder}/fonts/fonts</dir><cachedir>${folder}/font-cache</cachedir></fontconfig>
`;
}

function inflate(from: string, to: NodeJS.WritableStream): Promise<void> {
  return pipeline(createReadStream(from), createBrotliDecompress(), to);
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readJsonObject } from "../oauth/messages/json-object.ts";

/**
 * The documents in the operator's folder, by the URL in their `client_id`. Read once, at the start.
 * @throws Error with a sentence that names the file, when one cannot be used
 */
export function readPinnedDocuments(folder: string): ReadonlyMap<string, Record<string, unknown>> {
  const pinned = new Map<string, Record<string, unknown>>();
  for (const name of listJsonFiles(folder)) {
    const path = join(folder, name);
    const document = parse(path);
    const { client_id: url } = document;
    if (typeof url !== "string" || !URL.canParse(url)) {
      throw new Error(`CIMD_DOCUMENTS: ${path} has no client_id that is a URL`);
    }
    if (pinned.has(url)) throw new Error(`CIMD_DOCUMENTS: ${path} is the second document for ${url}`);
    pinned.set(url, document);
  }
  return pinned;
}

function listJsonFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .sort();
  } catch (error) {
    throw new Error(`CIMD_DOCUMENTS: the folder ${folder} cannot be read`, { cause: error });
  }
}

function parse(path: string): Record<string, unknown> {
  const read = readJsonObject(readText(path));
  if ("object" in read) return read.object;
  throw new Error(`CIMD_DOCUMENTS: ${path} cannot be used: ${read.problem}`);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`CIMD_DOCUMENTS: ${path} cannot be read`, { cause: error });
  }
}

import { isStorable } from "../text.ts";

/**
 * Far more than anything a client has to say; what is nested deeper could exhaust the stack of whoever walks
 * through it.
 */
const maxDepth = 32;

/** What a stranger's JSON holds, or what is wrong with it, in words for whoever wrote it. */
export type JsonObject = { readonly object: Record<string, unknown> } | { readonly problem: string };

/**
 * Reads a JSON object that a stranger wrote: bounded in depth, and with no text in it, names of members
 * included, that a store cannot keep.
 */
export function readJsonObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "malformed JSON" }; // the parser's message would quote a stranger's text
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { problem: "expected a JSON object" };
  }
  const problem = findProblem(value);
  return problem === undefined ? { object: value as Record<string, unknown> } : { problem };
}

/** Level by level, not by recursion: how deep it goes is for the stranger to say. */
function findProblem(root: object): string | undefined {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return "JSON nested too deeply";
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === "string" && !isStorable(value)) return unstorable;
      if (typeof value !== "object" || value === null) continue;
      if (!Array.isArray(value) && !Object.keys(value).every(isStorable)) return unstorable;
      for (const member of Object.values(value)) next.push(member);
    }
    level = next;
  }
  return undefined;
}

const unstorable = "JSON with NUL or a broken surrogate pair in a text";

import type { Bearer } from "../../oauth/grants/bearer.ts";
import type { Access } from "../../oauth/ports.ts";
import type { HeaderFields } from "../call.ts";
import { eventStreamType, mediaType } from "../fields.ts";
import type { Asked } from "../messages/asked.ts";
import { JsonError } from "../messages/json-reader.ts";
import { isObtainable } from "../obtainable.ts";
import type { ProtectedServer } from "../protected-server.ts";
import { RefusedCallError, unreadableAnswer } from "../refusal.ts";
import { rewriteData } from "../relay/event-data.ts";
import type { AnswerRewriter } from "../relay/rewriter.ts";
import { filterLists, type IsVisible } from "./filter-lists.ts";
import type { Rules, RulesKind } from "./rules.ts";

const listMethods: ReadonlyMap<string | undefined, RulesKind> = new Map([
  ["tools/list", "tools"],
  ["resources/list", "resources"],
  ["prompts/list", "prompts"],
]);

/** Makes what takes out of lists whatever their reader is not to see. `undefined` for what holds no list. */
export function createListRewriters(
  server: Pick<ProtectedServer, "address" | "scopes" | "list">,
  rules: ReadonlyMap<RulesKind, Rules>,
  access: () => Access | undefined,
): (asked: Asked, bearer: Bearer) => AnswerRewriter | undefined {
  const filtered: ReadonlySet<RulesKind> = new Set(server.list === "all" ? [] : rules.keys());
  const isFiltered = (kind: RulesKind | undefined) => kind !== undefined && filtered.has(kind);

  function visibleTo(bearer: Bearer): IsVisible {
    const canHave = (scope: string) =>
      bearer.scopes.includes(scope) ||
      (server.list === "obtainable" && isObtainable([scope], bearer.person, server, access()));
    const known = new Map<string, boolean>(); // of the few scopes, each is asked about once a list
    return (kind, name) => {
      const scope = rules.get(kind)?.scopeOf(name);
      if (scope === undefined) return false;
      const isVisible = known.get(scope) ?? canHave(scope);
      known.set(scope, isVisible);
      return isVisible;
    };
  }

  return ({ messages }, bearer) => {
    const isStream = messages.length === 0; // asked for by GET: it may carry the answer to any earlier call
    if (filtered.size === 0) return undefined;
    if (!isStream && !messages.some(({ method }) => isFiltered(listMethods.get(method)))) return undefined;
    const json = (text: Buffer) => filter(text, filtered, visibleTo(bearer));
    return { json, event: (event) => rewriteData(event, json), ...(!isStream && { fields: notToBeShared }) };
  };
}

function filter(text: Buffer, filtered: ReadonlySet<RulesKind>, isVisible: IsVisible): Buffer {
  if (!text.includes('"result"')) return text;
  try {
    return filterLists(text, filtered, isVisible);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new RefusedCallError(unreadableAnswer, `a list in what is no JSON: ${cause.message}`, { cause });
  }
}

const forCaches = new Set(["cache-control", "expires", "age", "etag", "last-modified"]);

/** What one person may see is kept for nobody else. Event streams say so of themselves. */
function notToBeShared(fields: HeaderFields): HeaderFields {
  const left: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const [name = "", value = ""] = [fields[at], fields[at + 1]];
    const folded = name.toLowerCase();
    if (folded === "content-type" && mediaType(value) === eventStreamType) return fields;
    if (!forCaches.has(folded)) left.push(name, value);
  }
  return [...left, "Cache-Control", "private, no-store"];
}

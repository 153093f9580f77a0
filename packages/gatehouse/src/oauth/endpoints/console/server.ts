import { OAuthError } from "../../messages/errors.ts";
import { tellKept } from "../../provisioning/kept-secret.ts";
import { ProvisioningError } from "../../provisioning/problem.ts";
import type { Resource } from "../../records.ts";
import { shortIdOf } from "../../resource.ts";
import { resourceCredentialPrefix } from "../../tokens/prefixes.ts";
import { hashSecret, mintSecret } from "../../tokens/secret.ts";
import { recordAct } from "./act.ts";
import { askAgain, toAct } from "./again.ts";
import { type Asked, type ConsolePath, goTo, isConfirmed, keepIn, requireOwnForm, show } from "./asked.ts";
import { entriesIn, readEntries, type ServerEntries } from "./servers.ts";

/** An MCP server: what it is, and what is done about it. One that a file declares only says so. */
export const server: ConsolePath = {
  async get(asked) {
    const { query } = asked.request;
    const found = await findServer(asked, query.get("id"));
    if (found === undefined) return show(asked, { kind: "missing" });
    if (query.get("act") === "remove" && found.declared === undefined) return question(asked, found);
    const entries = query.has("scopes")
      ? { ...entriesIn(query), identifier: found.identifier }
      : entriesOf(found);
    return showServer(asked, found, entries, undefined);
  },

  async post(asked) {
    const form = requireOwnForm(asked);
    const found = await findServer(asked, form.get("id"));
    if (found === undefined) return show(asked, { kind: "missing" });
    const act = form.get("act");
    const entries = { ...entriesIn(form), identifier: found.identifier };
    if (found.declared !== undefined) return refuse(asked, found, entries, "declared");
    if (act === "remove" && !isConfirmed(form)) return question(asked, found);
    const returnTo = act === "set" ? undefined : pathOf(asked, found, act);
    const again = await askAgain(asked, toAct, returnTo === undefined ? {} : { returnTo });
    if (again !== undefined) return again;
    switch (act) {
      case "set":
        return set(asked, found, entries);
      case "rotate":
        return rotate(asked, found, form.get("keep"));
      case "remove":
        return remove(asked, found);
      default:
        throw new OAuthError("invalid_request", { hint: "act is none of this page's" });
    }
  },
};

async function findServer({ services }: Asked, id: string | undefined): Promise<Resource | undefined> {
  if (id === undefined) return undefined;
  return (await services.store.listResources()).find(({ identifier }) => shortIdOf(identifier) === id);
}

const pathOf = ({ path }: Asked, { identifier }: Resource, act?: string) =>
  `${path}?${new URLSearchParams({ id: shortIdOf(identifier), ...(act === "remove" && { act }) })}`;

function entriesOf({ identifier, name = "", scopes, claims = [] }: Resource): ServerEntries {
  const marked = (mark: "isDefault" | "isOptional") =>
    scopes
      .filter((scope) => scope[mark])
      .map((scope) => scope.name)
      .join(" ");
  return {
    identifier,
    name,
    scopes: scopes.map((scope) => [scope.name, scope.sentence].filter(Boolean).join("=")).join("\n"),
    defaults: marked("isDefault"),
    optionals: marked("isOptional"),
    claims,
  };
}

async function showServer(
  asked: Asked,
  found: Resource,
  entries: ServerEntries,
  error: Pick<ProvisioningError, "problem" | "about"> | undefined,
) {
  const id = shortIdOf(found.identifier);
  const { declared, previousCredential, createdAt } = found;
  return show(asked, {
    kind: "server",
    id,
    createdAt,
    declared,
    previousUntil: previousCredential?.until,
    form: {
      kind: "server-form",
      isNew: false,
      action: asked.path,
      entries,
      problem: error && { key: error.problem, about: error.about },
      back: "/servers",
    },
  });
}

const refuse = (
  asked: Asked,
  found: Resource,
  entries: ServerEntries,
  problem: ProvisioningError["problem"],
) => showServer(asked, found, entries, { problem, about: undefined });

async function set(asked: Asked, found: Resource, entries: ServerEntries) {
  const { store } = asked.services;
  try {
    const { name = "", scopes, claims } = readEntries(entries, found.scopes);
    const named = (mark: "isDefault" | "isOptional") =>
      scopes.filter((scope) => scope[mark]).map((scope) => scope.name);
    const marks = { defaults: named("isDefault"), optionals: named("isOptional") };
    const change = await store.changeResource(found.identifier, { name, scopes, ...marks, claims });
    if (change.outcome !== "changed") throw new ProvisioningError(change.outcome);
    await recordAct(asked, { name: "resource_changed", resource: found.identifier });
    return goTo(asked, `/server?id=${shortIdOf(found.identifier)}`);
  } catch (error) {
    if (error instanceof ProvisioningError) return showServer(asked, found, entries, error);
    throw error;
  }
}

async function rotate(asked: Asked, { identifier }: Resource, keep: string | undefined) {
  const { clock, random, store } = asked.services;
  const until = keepIn(keep, clock.now());
  const credential = mintSecret(random, resourceCredentialPrefix);
  if (!(await store.replaceResourceCredential(identifier, hashSecret(credential), until))) {
    return show(asked, { kind: "missing" });
  }
  const detail = tellKept(until);
  await recordAct(asked, { name: "resource_credential_rotated", resource: identifier, detail });
  const id = shortIdOf(identifier);
  const about = { kind: "secret", what: "credential", of: identifier, id } as const;
  return show(asked, { ...about, secret: credential, until, back: `/server?id=${id}` });
}

async function remove(asked: Asked, { identifier }: Resource) {
  const removed = await asked.services.store.removeResource(identifier);
  if (removed !== undefined) {
    await recordAct(asked, {
      name: "resource_removed",
      resource: identifier,
      count: removed.grants,
    });
  }
  return goTo(asked, "/servers");
}

async function question(asked: Asked, found: Resource) {
  const { clock, store } = asked.services;
  const { identifier } = found;
  return show(asked, {
    kind: "question",
    act: "remove_server",
    about: identifier,
    grants: await store.countGrantsFor({ kind: "resources", id: identifier }, clock.now()),
    action: asked.path,
    fields: { id: shortIdOf(identifier), act: "remove", confirmed: "yes" },
    back: pathOf(asked, found),
  });
}

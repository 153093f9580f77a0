import type { Parameters } from "../../messages/parameters.ts";
import { ProvisioningError } from "../../provisioning/problem.ts";
import { readClaims, readIdentifier, readScopes } from "../../provisioning/resource-text.ts";
import { type Resource, type ResourceClaim, resourceClaims } from "../../records.ts";
import { shortIdOf } from "../../resource.ts";
import { changedScopes } from "../../scope-changes.ts";
import { resourceCredentialPrefix } from "../../tokens/prefixes.ts";
import { hashSecret, mintSecret } from "../../tokens/secret.ts";
import { recordAct } from "./act.ts";
import { askAgain, toAct } from "./again.ts";
import { type Asked, type ConsolePath, requireOwnForm, show } from "./asked.ts";

/** The MCP servers that tokens can be bound to: there are few of them. */
export const servers: ConsolePath = {
  async get(asked) {
    const resources = await asked.services.store.listResources();
    return show(asked, {
      kind: "servers",
      servers: resources.map((resource) => ({ ...resource, id: shortIdOf(resource.identifier) })),
    });
  },
};

/** A form for one more. Its credential is shown once, on the page that answers. */
export const newServer: ConsolePath = {
  get: async (asked) => form(asked, entriesIn(asked.request.query), undefined),

  async post(asked) {
    const sent = requireOwnForm(asked);
    const entries = entriesIn(sent);
    const again = await askAgain(asked, toAct);
    if (again !== undefined) return again;
    const { clock, random, store } = asked.services;
    try {
      const resource: Resource = { ...readEntries(entries, []), createdAt: clock.now() };
      const credential = mintSecret(random, resourceCredentialPrefix);
      if (!(await store.addResource(resource, hashSecret(credential)))) {
        throw new ProvisioningError("taken", resource.identifier);
      }
      const { identifier } = resource;
      await recordAct(asked, { name: "resource_added", resource: identifier });
      const about = {
        kind: "secret",
        what: "credential",
        of: identifier,
        id: shortIdOf(identifier),
      } as const;
      return show(asked, {
        ...about,
        secret: credential,
        until: undefined,
        back: `/server?id=${shortIdOf(identifier)}`,
      });
    } catch (error) {
      if (error instanceof ProvisioningError) return form(asked, entries, error);
      throw error;
    }
  },
};

/** What is entered in the form of a server, as it was typed. */
export interface ServerEntries {
  readonly identifier: string;
  readonly name: string;
  /** A line each: `name=sentence`. */
  readonly scopes: string;
  /** Names, with spaces between. */
  readonly defaults: string;
  readonly optionals: string;
  readonly claims: readonly ResourceClaim[];
}

export function entriesIn(sent: Parameters): ServerEntries {
  const text = (name: string) => sent.get(name) ?? "";
  return {
    identifier: text("identifier").trim(),
    name: text("name").trim(),
    scopes: text("scopes"),
    defaults: text("defaults"),
    optionals: text("optionals"),
    claims: resourceClaims.filter((claim) => sent.get(`claim_${claim}`) === "yes"),
  };
}

/** Throws `ProvisioningError`. @param before the scopes that it had */
export function readEntries(entries: ServerEntries, before: Resource["scopes"]) {
  const names = (text: string) => text.split(/[\s,]+/).filter((name) => name !== "");
  const scopes = readScopes(linesOf(entries.scopes));
  const marks = { defaults: names(entries.defaults), optionals: names(entries.optionals) };
  const changed = changedScopes(before, { scopes, ...marks });
  if (changed.outcome !== "changed") throw new ProvisioningError(changed.outcome, changed.scope);
  return {
    identifier: readIdentifier(entries.identifier),
    name: entries.name || undefined,
    scopes: changed.scopes,
    claims: readClaims(entries.claims.length === 0 ? ["none"] : entries.claims),
  };
}

const linesOf = (text: string) =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");

const form = async (asked: Asked, entries: ServerEntries, error: ProvisioningError | undefined) =>
  show(asked, {
    kind: "server-form",
    isNew: true,
    action: asked.path,
    entries,
    problem: error && { key: error.problem, about: error.about },
    back: "/servers",
  });

import { isDocumented } from "../../clients/client.ts";
import { OAuthError } from "../../messages/errors.ts";
import {
  checkRedirects,
  mayVouchFor,
  requireChangeable,
  rotatedSecret,
  saidBy,
  vouchAsSeen,
} from "../../provisioning/clients.ts";
import { tellKept } from "../../provisioning/kept-secret.ts";
import { ProvisioningError } from "../../provisioning/problem.ts";
import type { Client } from "../../records.ts";
import { clientSecretPrefix } from "../../tokens/prefixes.ts";
import { mintSecret } from "../../tokens/secret.ts";
import { recordAct } from "./act.ts";
import { askAgain, toAct } from "./again.ts";
import { type Asked, type ConsolePath, goTo, isConfirmed, keepIn, requireOwnForm, show } from "./asked.ts";
import { type ClientEntries, clientEntriesIn, urisOf } from "./clients.ts";

/** A client: what it is, and what an administrator does about it. One that a file declares only says so. */
export const client: ConsolePath = {
  async get(asked) {
    const { query } = asked.request;
    const found = await findClient(asked, query.get("id"));
    if (found === undefined) return show(asked, { kind: "missing" });
    if (query.get("act") === "remove" && found.declared === undefined) return question(asked, found);
    const entries = query.has("redirect_uris") ? clientEntriesIn(query) : entriesOf(found);
    return showClient(asked, found, entries, undefined);
  },

  async post(asked) {
    const form = requireOwnForm(asked);
    const found = await findClient(asked, form.get("id"));
    if (found === undefined) return show(asked, { kind: "missing" });
    const act = form.get("act");
    if (act === "remove" && found.declared === undefined && !isConfirmed(form)) return question(asked, found);
    const returnTo = act === "set" ? undefined : pathOf(asked, found, act);
    const again = await askAgain(asked, toAct, returnTo === undefined ? {} : { returnTo });
    if (again !== undefined) return again;
    try {
      switch (act) {
        case "set":
          return await set(asked, found, clientEntriesIn(form));
        case "vouch":
          return await vouch(asked, found, form.get("seen"));
        case "withdraw":
          return await withdraw(asked, found);
        case "rotate":
          return await rotate(asked, found, form.get("keep"));
        case "remove":
          return await remove(asked, found);
        default:
          throw new OAuthError("invalid_request", { hint: "act is none of this page's" });
      }
    } catch (error) {
      if (!(error instanceof ProvisioningError)) throw error;
      const entries = act === "set" ? clientEntriesIn(form) : entriesOf(found);
      return showClient(asked, found, entries, error);
    }
  },
};

const findClient = async ({ services }: Asked, id: string | undefined) =>
  id === undefined ? undefined : services.store.findClient(id);

const pageOf = ({ id }: Client) => `/client?id=${encodeURIComponent(id)}`;
const pathOf = ({ path }: Asked, { id }: Client, act?: string) =>
  `${path}?${new URLSearchParams({ id, ...(act === "remove" && { act }) })}`;

const entriesOf = ({ id, metadata, redirectUris, authMethod }: Client): ClientEntries => ({
  id,
  name: metadata.name ?? "",
  redirectUris: redirectUris.join("\n"),
  authMethod,
});

async function showClient(
  asked: Asked,
  found: Client,
  entries: ClientEntries,
  error: ProvisioningError | undefined,
) {
  const { secretHash, clearSecret, previousSecret, keys, ...client } = found;
  const hasSecret = (secretHash ?? clearSecret) !== undefined;
  const isOperators = !found.dynamicallyRegistered && found.declared === undefined;
  return show(asked, {
    kind: "client",
    client,
    origin: originOf(found),
    previousUntil: previousSecret?.until,
    mayRotate: hasSecret && isOperators,
    // Of one that was vouched for only the store knows that it registered itself.
    vouching: isOperators && !hasSecret ? "given" : mayBeVouchedFor(found) ? "possible" : undefined,
    form: isOperators ? { action: asked.path, entries } : undefined,
    seen: saidBy(found),
    problem: error && { key: error.problem, about: error.about },
  });
}

function originOf(found: Client): "declared" | "operator" | "document" | "registered" {
  if (found.declared !== undefined) return "declared";
  if (!found.dynamicallyRegistered) return "operator";
  return isDocumented(found) ? "document" : "registered";
}

function mayBeVouchedFor(found: Client): boolean {
  try {
    return mayVouchFor(found);
  } catch {
    return false; // for a reason that is told to whoever tries
  }
}

async function set(asked: Asked, found: Client, entries: ClientEntries) {
  requireChangeable(found);
  const redirectUris = urisOf(entries);
  if (redirectUris.length === 0) throw new ProvisioningError("no_redirect");
  checkRedirects(redirectUris, found.authMethod);
  await asked.services.store.changeClient(found.id, { name: entries.name, redirectUris });
  const redirectUri = redirectUris.join(" ");
  await recordAct(asked, { name: "client_updated", client: found.id, redirectUri });
  return goTo(asked, pageOf(found));
}

/** @param seen what it said of itself on the page that the administrator looked at */
async function vouch(asked: Asked, found: Client, seen: string | undefined) {
  if (mayVouchFor(found)) {
    if (seen !== saidBy(found)) throw new ProvisioningError("not_as_seen");
    await vouchAsSeen(asked.services.store, found);
    await recordAct(asked, { name: "client_vouched", client: found.id });
  }
  return goTo(asked, pageOf(found));
}

async function withdraw(asked: Asked, found: Client) {
  const { store } = asked.services;
  if (found.declared === undefined) {
    await store.vouchForClient(found.id, false);
    if ((await store.findClient(found.id))?.dynamicallyRegistered === false) {
      throw new ProvisioningError("provisioned");
    }
    await recordAct(asked, { name: "client_vouched", client: found.id, reason: "withdrawn" });
  }
  return goTo(asked, pageOf(found));
}

async function rotate(asked: Asked, found: Client, keep: string | undefined) {
  const { clock, random, store } = asked.services;
  const secret = mintSecret(random, clientSecretPrefix);
  const until = keepIn(keep, clock.now());
  const { next, previous } = rotatedSecret(found, secret, until);
  if (!(await store.rotateSecret(found, next, previous))) throw new ProvisioningError("changed_meanwhile");
  const detail = tellKept(until);
  await recordAct(asked, { name: "client_credential_rotated", client: found.id, detail });
  const about = { kind: "secret", what: "secret", of: found.id, id: found.id } as const;
  return show(asked, { ...about, secret, until, back: pageOf(found) });
}

async function remove(asked: Asked, found: Client) {
  if (found.declared !== undefined) throw new ProvisioningError("declared");
  const { clock, store } = asked.services;
  const grants = await store.countGrantsFor({ kind: "clients", id: found.id }, clock.now());
  if (await store.removeClient(found.id)) {
    await recordAct(asked, { name: "client_removed", client: found.id, count: grants });
  }
  return goTo(asked, "/clients");
}

async function question(asked: Asked, found: Client) {
  const { clock, store } = asked.services;
  return show(asked, {
    kind: "question",
    act: "remove_client",
    about: found.metadata.name || found.id,
    grants: await store.countGrantsFor({ kind: "clients", id: found.id }, clock.now()),
    action: asked.path,
    fields: { id: found.id, act: "remove", confirmed: "yes" },
    back: pathOf(asked, found),
  });
}

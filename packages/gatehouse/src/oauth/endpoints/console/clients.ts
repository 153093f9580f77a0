import type { Parameters } from "../../messages/parameters.ts";
import { provisionedClient } from "../../provisioning/clients.ts";
import { ProvisioningError } from "../../provisioning/problem.ts";
import type { TokenEndpointAuthMethod } from "../../records.ts";
import { clientSecretPrefix } from "../../tokens/prefixes.ts";
import { mintSecret } from "../../tokens/secret.ts";
import { recordAct } from "./act.ts";
import { askAgain, toAct } from "./again.ts";
import { type Asked, type ConsolePath, goTo, nextPart, requireOwnForm, rowsAtOnce, show } from "./asked.ts";

/** The clients; one is found by its identifier. */
export const clients: ConsolePath = {
  async get(asked) {
    const { request, services, path } = asked;
    const id = request.query.get("id")?.trim();
    if (id !== undefined && (await services.store.findClient(id)) !== undefined) {
      return goTo(asked, `/client?id=${encodeURIComponent(id)}`);
    }
    const provisioned = request.query.get("provisioned") === "yes";
    const after = request.query.get("after");
    const which = provisioned ? ({ provisioned: true } as const) : {};
    const { items, next } = await services.store.pageOfClients(which, { limit: rowsAtOnce, after });
    return show(asked, {
      kind: "clients",
      provisioned,
      notFound: id,
      clients: items.map(({ secretHash, clearSecret, previousSecret, keys, ...client }) => client),
      next: nextPart(path, { provisioned: provisioned ? "yes" : "" }, next),
      isFirst: after === undefined,
    });
  },
};

/** What is entered in the form of a new client, as it was typed. */
export interface ClientEntries {
  readonly id: string;
  readonly name: string;
  /** A line each. */
  readonly redirectUris: string;
  readonly authMethod: TokenEndpointAuthMethod;
}

const methods: readonly TokenEndpointAuthMethod[] = ["none", "client_secret_basic", "client_secret_post"];

export function clientEntriesIn(sent: Parameters): ClientEntries {
  const method = methods.find((each) => each === sent.get("auth_method"));
  return {
    id: sent.get("id")?.trim() ?? "",
    name: sent.get("name")?.trim() ?? "",
    redirectUris: sent.get("redirect_uris") ?? "",
    authMethod: method ?? "none",
  };
}

export const urisOf = ({ redirectUris }: Pick<ClientEntries, "redirectUris">) =>
  redirectUris.split(/\s+/).filter((uri) => uri !== "");

/** A form for one that the operator provisions. Its secret is shown once, on the page that answers. */
export const newClient: ConsolePath = {
  get: async (asked) => form(asked, clientEntriesIn(asked.request.query), undefined),

  async post(asked) {
    const entries = clientEntriesIn(requireOwnForm(asked));
    const again = await askAgain(asked, toAct);
    if (again !== undefined) return again;
    const { clock, random, store } = asked.services;
    try {
      const secret = entries.authMethod === "none" ? undefined : mintSecret(random, clientSecretPrefix);
      const about = { ...entries, redirectUris: urisOf(entries), name: entries.name || undefined, secret };
      const client = provisionedClient(about, clock.now());
      if (!(await store.addClient(client))) throw new ProvisioningError("taken", client.id);
      const redirectUri = client.redirectUris.join(" ");
      const detail = client.authMethod;
      await recordAct(asked, { name: "client_added", client: client.id, redirectUri, detail });
      const back = `/client?id=${encodeURIComponent(client.id)}`;
      if (secret === undefined) return goTo(asked, back);
      return show(asked, {
        kind: "secret",
        what: "secret",
        of: client.id,
        id: client.id,
        secret,
        until: undefined,
        back,
      });
    } catch (error) {
      if (error instanceof ProvisioningError) return form(asked, entries, error);
      throw error;
    }
  },
};

const form = async (asked: Asked, entries: ClientEntries, error: ProvisioningError | undefined) =>
  show(asked, {
    kind: "client-form",
    action: asked.path,
    entries,
    methods,
    problem: error && { key: error.problem, about: error.about },
  });

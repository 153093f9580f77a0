import { type Command, Option } from "commander";
import { isDocumented } from "../oauth/clients/client.ts";
import { policyOf } from "../oauth/clients/policy.ts";
import { oneLine } from "../oauth/harmless.ts";
import { provisionedClient } from "../oauth/provisioning/clients.ts";
import type { Client, TokenEndpointAuthMethod } from "../oauth/records.ts";
import { checkRedirectPattern } from "../oauth/redirects/legacy-pattern.ts";
import type { Store } from "../oauth/store.ts";
import { formatInstant } from "../oauth/values.ts";
import { chooseSecret, tellSecret } from "./client-secret.ts";
import { describePlace, refuseDeclaredClient } from "./declared.ts";
import {
  agree,
  asJson,
  collected,
  type JsonOption,
  printJson,
  withoutAsking,
  type YesOption,
} from "./options.ts";
import { asRefusal } from "./provisioning-refusal.ts";
import { Refusal } from "./refusal.ts";
import { addRotateSecretCommand } from "./rotate-secret.ts";
import { addSetClientCommand } from "./set-client.ts";
import type { Shell } from "./shell.ts";
import { changeStore, withStore } from "./store.ts";
import { formatTable, several } from "./table.ts";
import { addVouchCommand } from "./vouch.ts";

interface AddOptions extends JsonOption {
  readonly id: string;
  readonly authMethod: TokenEndpointAuthMethod;
  readonly redirectUri: readonly string[];
  readonly name?: string;
  readonly secretStdin?: true;
}

export function addClientsCommand(program: Command, shell: Shell): void {
  const clients = program.command("clients").description("the clients this server knows");
  clients
    .command("add")
    .description("provision a client; without --secret-stdin its secret is generated and shown once")
    .requiredOption("--id <id>", "client id: letters, digits and . _ ~ -")
    .addOption(
      new Option(
        "--auth-method <method>",
        "how it authenticates; none: a public client, with PKCE; client_secret_post: the contract of the service before Gatehouse, for MCP clients take client_secret_basic",
      )
        .choices(["none", "client_secret_post", "client_secret_basic"])
        .makeOptionMandatory(),
    )
    .requiredOption(
      "--redirect-uri <uri>",
      "where it may be answered; may be repeated; client_secret_post clients may use * in host and path (docs/compatibility.md has the whole dialect)",
      collected,
    )
    .option("--name <name>", "what people see it called")
    .option("--secret-stdin", "read the secret from the standard input")
    .addOption(asJson())
    .action((options: AddOptions) => add(shell, options));
  clients
    .command("list")
    .description("list the clients, newest first")
    .addOption(asJson())
    .action(({ json }: JsonOption) => withStore(shell, (store) => list(shell, store, json)));
  clients
    .command("show <id>")
    .description("show one client")
    .addOption(asJson())
    .action((id: string, { json }: JsonOption) => withStore(shell, (store) => show(shell, store, id, json)));
  addRotateSecretCommand(clients, shell);
  addVouchCommand(clients, shell);
  addSetClientCommand(clients, shell);
  clients
    .command("remove <id>")
    .description("remove a client with its consents, grants and tokens; says how many grants and asks")
    .addOption(withoutAsking())
    .addOption(asJson())
    .action((id: string, options: JsonOption & YesOption) => remove(shell, id, options));
}

function remove(shell: Shell, id: string, options: JsonOption & YesOption): Promise<void> {
  return changeStore(shell, async (store, done) => {
    const client = await store.findClient(id);
    if (client === undefined) throw unknownClient(id);
    refuseDeclaredClient(client);
    const grants = await store.countGrantsFor({ kind: "clients", id }, shell.clock.now());
    await agree(shell, options, `removing the client ${id} ends ${several(grants, "grant")}`);
    if (!(await store.removeClient(id))) throw unknownClient(id);
    await done({ name: "client_removed", client: id, count: grants });
    if (options.json) return printJson(shell, { removed: id, grants });
    shell.complain(`Removed client ${id}: ${several(grants, "grant")} ended, with every token.`);
  });
}

async function add(shell: Shell, options: AddOptions): Promise<void> {
  const isPublic = options.authMethod === "none";
  if (isPublic && options.secretStdin) throw new Refusal(2, "a client with --auth-method none has no secret");
  const { id, authMethod, redirectUri: redirectUris, name } = options;
  const about = { id, authMethod, redirectUris, name, secret: undefined };
  const now = shell.clock.now();
  asRefusal(() => provisionedClient(about, now), id); // before a secret is asked for
  const secret = isPublic ? undefined : await chooseSecret(shell, options.secretStdin);
  const client = provisionedClient({ ...about, secret }, now);
  await changeStore(shell, async (store, done) => {
    if (await store.addClient(client)) {
      const redirectUri = client.redirectUris.join(" ");
      return done({ name: "client_added", client: client.id, redirectUri, detail: client.authMethod });
    }
    const there = await store.findClient(client.id);
    if (there !== undefined) refuseDeclaredClient(there);
    throw new Refusal(1, `the client id ${options.id} is taken`);
  });
  const generated = options.secretStdin ? undefined : secret;
  if (options.json) return printJson(shell, { ...describe(client), client_secret: generated });
  shell.complain(`Added client ${client.id} (${client.authMethod}).`);
  if (generated !== undefined) tellSecret(shell, "Its secret", generated);
}

async function list(shell: Shell, store: Store, json: true | undefined): Promise<void> {
  const clients = await store.listClients();
  if (json) return printJson(shell, clients.map(describe));
  if (clients.length === 0)
    return shell.complain(
      "There are no clients. MCP clients register themselves; clients add provisions one.",
    );
  shell.print(
    formatTable(
      ["ID", "NAME", "AUTH METHOD", "ORIGIN", "CREATED", "LAST USED", "REDIRECT URIS"],
      clients.map((client) => [
        client.id,
        client.metadata.name ?? "",
        client.authMethod,
        origin(client),
        formatInstant(client.createdAt),
        formatInstant(client.lastUsedAt),
        client.redirectUris
          .map((uri) => (whyNothing(client, uri) ? `${uri} (matches nothing)` : uri))
          .join(" "),
      ]),
    ),
  );
}

async function show(shell: Shell, store: Store, id: string, json: true | undefined): Promise<void> {
  const client = await store.findClient(id);
  if (client === undefined) throw unknownClient(id);
  if (json) return printJson(shell, describe(client));
  const { name, uri } = client.metadata;
  shell.print(
    [
      ["id", client.id],
      ["name", name ?? "-"],
      ["home page", uri ?? "-"],
      ["auth method", client.authMethod],
      ["origin", origin(client)],
      ...client.redirectUris.flatMap((redirectUri) => {
        const reason = whyNothing(client, redirectUri);
        const uri = ["redirect URI", redirectUri];
        return reason === undefined ? [uri] : [uri, ["", `matches nothing: ${reason}`]];
      }),
      ["grant types", client.grantTypes.join(" ")],
      ["created", formatInstant(client.createdAt)],
      ["last used", formatInstant(client.lastUsedAt)],
    ]
      .map(([label = "", value = ""]) => `${label.padEnd(14)}${oneLine(value, 2048)}`)
      .join("\n"),
  );
}

function origin(client: Client): string {
  if (client.declared !== undefined) return describePlace(client.declared);
  if (!client.dynamicallyRegistered) return "operator";
  return isDocumented(client) ? "its document" : "registered itself";
}

/**
 * Why a redirect pattern admits no address at all, for the operator who wonders about 400; `undefined` when
 * it admits some.
 */
function whyNothing(client: Client, redirectUri: string): string | undefined {
  return policyOf(client).redirectMatching === "pattern" ? checkRedirectPattern(redirectUri) : undefined;
}

/** For scripts, in the words of RFC 7591. Never a secret, nor its hash. */
function describe(client: Client): Record<string, unknown> {
  const nothing = client.redirectUris.filter((uri) => whyNothing(client, uri) !== undefined);
  return {
    client_id: client.id,
    client_name: client.metadata.name,
    client_uri: client.metadata.uri,
    token_endpoint_auth_method: client.authMethod,
    redirect_uris: client.redirectUris,
    redirect_uris_matching_nothing: nothing,
    grant_types: client.grantTypes,
    scope: client.scope,
    dynamically_registered: client.dynamicallyRegistered,
    declared_at: client.declared?.place,
    left_at: client.declared?.leftAt,
    created_at: client.createdAt,
    last_used_at: client.lastUsedAt,
  };
}

function unknownClient(id: string): Refusal {
  return new Refusal(1, `there is no client ${oneLine(id)}`);
}

import { type Command, Option } from "commander";
import { OAuthError } from "../oauth/messages/errors.ts";
import { type Resource, type ResourceClaim, resourceClaims } from "../oauth/records.ts";
import { canonicalResource, shortIdOf } from "../oauth/resource.ts";
import { parseScope } from "../oauth/scope.ts";
import type { Store } from "../oauth/store.ts";
import { resourceCredentialPrefix } from "../oauth/tokens/prefixes.ts";
import { hashSecret, mintSecret } from "../oauth/tokens/secret.ts";
import { after, type ResourceIdentifier, type Seconds } from "../oauth/values.ts";
import { oneLine } from "../telemetry/sanitize.ts";
import { asJson, collected, duration, type JsonOption } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore, withStore } from "./store.ts";
import { formatInstant, formatTable } from "./table.ts";

interface AddOptions extends JsonOption {
  readonly name?: string;
  readonly scope?: readonly string[];
  readonly defaultScope?: readonly string[];
  readonly claim?: readonly string[];
}

interface RotateOptions extends JsonOption {
  readonly keep: Seconds;
}

const maxKeep = 30 * 86_400;

export function addResourcesCommand(program: Command, shell: Shell): void {
  const resources = program.command("resources").description("the MCP servers tokens can be bound to");
  const describing = (command: Command) =>
    command
      .option("--name <name>", "what people see it called on the consent page")
      .option(
        "--scope <name=sentence>",
        "a scope, and what it allows in plain words; may be repeated",
        collected,
      )
      .option(
        "--default-scope <name>",
        "one of its scopes that a client gets which asks for none; may be repeated; without any such: all",
        collected,
      )
      .option(
        "--claim <name>",
        `what it is told of people besides: ${resourceClaims.join(" or ")}; may be repeated; \`none\` ends that`,
        collected,
      )
      .addOption(asJson());
  describing(resources.command("add <identifier>"))
    .description("add an MCP server by its URL; prints its introspection credential, once")
    .action((identifier: string, options: AddOptions) => add(shell, identifier, options));
  resources
    .command("list")
    .description("list the resources, oldest first")
    .addOption(asJson())
    .action(({ json }: JsonOption) => withStore(shell, (store) => list(shell, store, json)));
  describing(resources.command("set <identifier>"))
    .description(
      "change its name, its scopes, which are default, or its claims; what is not given stays, and so do its credential and grants. --scope gives all its scopes anew",
    )
    .action((identifier: string, options: AddOptions) => set(shell, identifier, options));
  resources
    .command("rotate <identifier>")
    .description("give it a new introspection credential; the old one stops at once, or is kept for a while")
    .addOption(
      new Option("--keep <duration>", "how long the old credential stays good, such as 24h; at most 30d")
        .default(0, "0: it stops at once")
        .argParser(duration("--keep")),
    )
    .addOption(asJson())
    .action((identifier: string, options: RotateOptions) => rotate(shell, identifier, options));
  resources
    .command("remove <identifier>")
    .description(
      "remove a resource and end at once every grant, token and approval for it; says how many grants",
    )
    .addOption(asJson())
    .action((identifier: string, { json }: JsonOption) => remove(shell, identifier, json));
}

async function add(shell: Shell, identifier: string, options: AddOptions): Promise<void> {
  const resource: Resource = {
    identifier: parseIdentifier(identifier),
    name: options.name,
    scopes: markDefaults(parseScopes(options.scope ?? []), options.defaultScope ?? []),
    createdAt: shell.clock.now(),
    ...(options.claim && { claims: parseClaims(options.claim) }),
  };
  const credential = mintSecret(shell.random, resourceCredentialPrefix);
  await changeStore(shell, async (store) => {
    if (!(await store.addResource(resource, hashSecret(credential)))) {
      throw new Refusal(1, `the resource ${resource.identifier} is there already`);
    }
  });
  if (options.json)
    shell.print(JSON.stringify({ ...describe(resource), introspection_credential: credential }));
  else {
    shell.print(`Added resource ${resource.identifier}.`);
    shell.print(`Its short id, the client_id for introspection: ${shortIdOf(resource.identifier)}`);
    shell.print(`Its introspection credential, shown only this once: ${credential}`);
  }
}

async function set(shell: Shell, identifier: string, options: AddOptions): Promise<void> {
  const resource = parseIdentifier(identifier);
  const { name, scope, defaultScope, claim, json } = options;
  if ([name, scope, defaultScope, claim].every((option) => option === undefined)) {
    throw new Refusal(2, "nothing to change: give --name, --scope, --default-scope or --claim");
  }
  const claims = claim && parseClaims(claim);
  const changed = await changeStore(shell, async (store) => {
    const before = await store.findResource(resource);
    if (before === undefined) throw unknownResource(resource);
    await store.changeResource(resource, {
      name,
      scopes: changedScopes(before, scope, defaultScope),
      claims,
    });
    return (await store.findResource(resource)) ?? before;
  });
  if (json) shell.print(JSON.stringify(describe(changed)));
  else shell.print(`Changed resource ${resource}; its credential and its grants stay.`);
}

/**
 * The scopes after a change; `undefined` when it is not about them. A mark stays with its scope unless others
 * are marked.
 */
function changedScopes(
  { scopes: before }: Resource,
  texts: readonly string[] | undefined,
  defaults: readonly string[] | undefined,
): Resource["scopes"] | undefined {
  if (texts === undefined) return defaults && markDefaults(before, defaults);
  const scopes = parseScopes(texts);
  const marked = before.filter((scope) => scope.isDefault).map(({ name }) => name);
  return markDefaults(
    scopes,
    defaults ?? marked.filter((name) => scopes.some((scope) => scope.name === name)),
  );
}

function markDefaults(scopes: Resource["scopes"], defaults: readonly string[]): Resource["scopes"] {
  const unknown = defaults.find((name) => !scopes.some((scope) => scope.name === name));
  if (unknown !== undefined) {
    throw new Refusal(2, `--default-scope ${oneLine(unknown)}: the resource has no such scope`);
  }
  return scopes.map(({ name, sentence }) => ({
    name,
    sentence,
    ...(defaults.includes(name) && { isDefault: true as const }),
  }));
}

async function rotate(shell: Shell, identifier: string, { keep, json }: RotateOptions): Promise<void> {
  const resource = parseIdentifier(identifier);
  if (keep > maxKeep) throw new Refusal(2, "--keep: at most 30d");
  const until = keep > 0 ? after(shell.clock.now(), keep) : undefined;
  const credential = mintSecret(shell.random, resourceCredentialPrefix);
  await changeStore(shell, async (store) => {
    if (!(await store.replaceResourceCredential(resource, hashSecret(credential), until)))
      throw unknownResource(resource);
  });
  const id = shortIdOf(resource);
  if (json) {
    const told = { resource, id, introspection_credential: credential, previous_credential_until: until };
    return shell.print(JSON.stringify(told));
  }
  shell.print(`The new introspection credential of ${resource} (${id}), shown only this once: ${credential}`);
  if (until !== undefined) shell.print(`The old one stays good until ${formatInstant(until)} UTC.`);
}

async function remove(shell: Shell, identifier: string, json: true | undefined): Promise<void> {
  const resource = parseIdentifier(identifier);
  const { grants, left } = await changeStore(shell, async (store) => {
    const removed = await store.removeResource(resource);
    if (removed === undefined) throw unknownResource(resource);
    return { ...removed, left: (await store.listResources()).length };
  });
  if (json) return shell.print(JSON.stringify({ removed: resource, grants }));
  const ended = grants === 1 ? "1 grant for it has ended" : `${grants} grants for it have ended`;
  shell.print(`Removed resource ${resource}: ${ended}, with every token and approval.`);
  if (left === 0) shell.print("No resource is left: from now on any https URL is accepted as one.");
}

async function list(shell: Shell, store: Store, json: true | undefined): Promise<void> {
  const resources = await store.listResources();
  if (json) return shell.print(JSON.stringify(resources.map(describe)));
  if (resources.length === 0)
    return shell.print("There are no resources. Add one with: gatehouse resources add <url>");
  shell.print(
    formatTable(
      ["IDENTIFIER", "ID", "NAME", "CREATED", "OLD CREDENTIAL UNTIL", "CLAIMS", "SCOPES"],
      resources.map(({ identifier, name, scopes, createdAt, claims = [], previousCredential }) => [
        identifier,
        shortIdOf(identifier),
        name ?? "",
        formatInstant(createdAt),
        previousCredential === undefined ? "" : formatInstant(previousCredential.until),
        claims.join(" "),
        scopes.map((scope) => (scope.isDefault ? `${scope.name} (default)` : scope.name)).join(" "),
      ]),
    ),
  );
}

function parseIdentifier(text: string): ResourceIdentifier {
  try {
    return canonicalResource(text);
  } catch (error) {
    throw wrongUsage(error, `resource ${oneLine(text)}`);
  }
}

/** `name=sentence`, or a name alone. Of a name twice nobody would know which sentence holds. */
function parseScopes(texts: readonly string[]): Resource["scopes"] {
  const scopes = texts.map((text) => {
    const [name = "", ...sentence] = text.split("=");
    return { name: parseScopeName(name), sentence: sentence.join("=").trim() || undefined };
  });
  const names = scopes.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Refusal(2, `the scope ${twice} is given twice`);
  return scopes;
}

/** Each once, in one order, whatever the order they are given in. */
function parseClaims(texts: readonly string[]): readonly ResourceClaim[] {
  if (texts.length === 1 && texts[0] === "none") return [];
  const unknown = texts.find((text) => !resourceClaims.some((claim) => claim === text));
  if (unknown !== undefined) {
    throw new Refusal(
      2,
      `--claim takes ${resourceClaims.join(" or ")}, not ${JSON.stringify(oneLine(unknown))}`,
    );
  }
  return resourceClaims.filter((claim) => texts.includes(claim));
}

function parseScopeName(text: string): string {
  try {
    const [name, ...more] = parseScope(text);
    if (name !== undefined && more.length === 0) return name;
  } catch (error) {
    throw wrongUsage(error, `scope ${oneLine(text)}`);
  }
  throw new Refusal(2, `--scope takes name='what it allows', not ${JSON.stringify(oneLine(text))}`);
}

function wrongUsage(error: unknown, about: string): unknown {
  return error instanceof OAuthError ? new Refusal(2, `${about}: ${error.hint ?? error.code}`) : error;
}

function describe({
  identifier,
  name,
  scopes,
  createdAt,
  claims,
  previousCredential,
}: Resource): Record<string, unknown> {
  const told = scopes.map(({ isDefault, ...scope }) => ({ ...scope, ...(isDefault && { default: true }) }));
  return {
    resource: identifier,
    id: shortIdOf(identifier),
    name,
    scopes: told,
    claims,
    created_at: createdAt,
    previous_credential_until: previousCredential?.until,
  };
}

function unknownResource(identifier: string): Refusal {
  return new Refusal(1, `there is no resource ${identifier}`);
}

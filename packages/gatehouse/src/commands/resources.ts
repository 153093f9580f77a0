import { type Command, Option } from "commander";
import { oneLine } from "../oauth/harmless.ts";
import { tellKept } from "../oauth/provisioning/kept-secret.ts";
import { readClaims, readIdentifier, readScopes } from "../oauth/provisioning/resource-text.ts";
import { type Declared, type Resource, resourceClaims } from "../oauth/records.ts";
import { nearlyNamed, shortIdOf } from "../oauth/resource.ts";
import { type ChangedScopes, changedScopes } from "../oauth/scope-changes.ts";
import type { Store } from "../oauth/store.ts";
import { resourceCredentialPrefix } from "../oauth/tokens/prefixes.ts";
import { hashSecret, mintSecret } from "../oauth/tokens/secret.ts";
import { after, formatInstant, type ResourceIdentifier, type Seconds } from "../oauth/values.ts";
import { tellSecret } from "./client-secret.ts";
import { declaredElsewhere, describePlace } from "./declared.ts";
import {
  agree,
  asJson,
  collected,
  duration,
  type JsonOption,
  printJson,
  withoutAsking,
  type YesOption,
} from "./options.ts";
import { asRefusal } from "./provisioning-refusal.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore, withStore } from "./store.ts";
import { formatTable, several } from "./table.ts";

interface AddOptions extends JsonOption {
  readonly name?: string;
  readonly scope?: readonly string[];
  readonly defaultScope?: readonly string[];
  readonly claim?: readonly string[];
  readonly optionalScope?: readonly string[];
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
        "one of its scopes that a client gets which asks for none; may be repeated; without any such: all that are not optional",
        collected,
      )
      .option(
        "--optional-scope <name>",
        "one of its scopes that people tick on the consent page, or not; may be repeated",
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
      "remove a resource and end at once every grant, token and approval for it; says how many grants and asks",
    )
    .addOption(withoutAsking())
    .addOption(asJson())
    .action((identifier: string, options: JsonOption & YesOption) => remove(shell, identifier, options));
}

async function add(shell: Shell, identifier: string, options: AddOptions): Promise<void> {
  const marked = changedScopes(parseScopes(options.scope ?? []), {
    defaults: options.defaultScope,
    optionals: options.optionalScope,
  });
  if (marked.outcome !== "changed") throw wrongMarks(marked);
  const resource: Resource = {
    identifier: parseIdentifier(identifier),
    name: options.name,
    scopes: marked.scopes,
    createdAt: shell.clock.now(),
    ...(options.claim && { claims: parseClaims(options.claim) }),
  };
  const credential = mintSecret(shell.random, resourceCredentialPrefix);
  const { identifier: added } = resource;
  const similar = await changeStore(shell, async (store, done) => {
    const others = await store.listResources();
    if (!(await store.addResource(resource, hashSecret(credential)))) {
      await refuseDeclared(store, added);
      throw new Refusal(1, `the resource ${added} is there already`);
    }
    await done({ name: "resource_added", resource: added });
    return nearlyNamed(added, others);
  });
  if (options.json) {
    return printJson(shell, { ...describe(resource), introspection_credential: credential });
  }
  shell.complain(`Added resource ${resource.identifier}.`);
  shell.complain(`Its short id, the client_id for introspection: ${shortIdOf(resource.identifier)}`);
  if (resource.scopes.length === 0)
    shell.complain("It has no scopes: people are asked about whatever scopes an app names.");
  if (similar !== undefined) {
    const scopes = similar.scopes.map(({ name }) => name).join(", ") || "none";
    shell.complain(
      `${similar.identifier} is nearly the same, with the scopes: ${scopes}. Nothing was taken over from it: gatehouse resources set ${added} --name … --scope … gives the new one its own. If that one was misspelt, gatehouse resources remove ${similar.identifier} ends it.`,
    );
  }
  tellSecret(
    shell,
    "Its introspection credential, which belongs into that MCP server's own settings (restart it then)",
    credential,
  );
}

async function set(shell: Shell, identifier: string, options: AddOptions): Promise<void> {
  const named = readName(identifier);
  const { name, scope, defaultScope, optionalScope, claim, json } = options;
  if ([name, scope, defaultScope, optionalScope, claim].every((given) => given === undefined)) {
    const options = "--name, --scope, --default-scope, --optional-scope or --claim";
    throw new Refusal(2, `nothing to change: give ${options}`);
  }
  const scopes = scope && parseScopes(scope);
  const claims = claim && parseClaims(claim);
  const marks = { defaults: defaultScope, optionals: optionalScope };
  const change = await changeStore(shell, async (store, done) => {
    const resource = await identifierOf(store, named);
    const change = await store.changeResource(resource, { name, scopes, ...marks, claims });
    if (change.outcome === "unknown") throw unknownResource(resource);
    if (change.outcome === "declared") throw declaredElsewhere(`the resource ${resource}`, change.declared);
    if (change.outcome !== "changed") throw wrongMarks(change);
    const given = { name, scopes, "default scopes": defaultScope, "optional scopes": optionalScope, claims };
    const detail = Object.entries(given).flatMap(([what, value]) => (value === undefined ? [] : [what]));
    await done({ name: "resource_changed", resource, detail: detail.join(", ") });
    return change;
  });
  const { resource } = change;
  if (json) printJson(shell, describe(resource));
  else shell.complain(`Changed resource ${resource.identifier}; its credential and its grants stay.`);
}

function wrongMarks({ outcome, scope }: Exclude<ChangedScopes, { outcome: "changed" }>): Refusal {
  return outcome === "no_such_scope"
    ? new Refusal(2, `${oneLine(scope)}: the resource has no such scope`)
    : new Refusal(2, `${oneLine(scope)} cannot be both default and optional`);
}

async function rotate(shell: Shell, identifier: string, { keep, json }: RotateOptions): Promise<void> {
  const named = readName(identifier);
  if (keep > maxKeep) throw new Refusal(2, "--keep: at most 30d");
  const until = keep > 0 ? after(shell.clock.now(), keep) : undefined;
  const credential = mintSecret(shell.random, resourceCredentialPrefix);
  const resource = await changeStore(shell, async (store, done) => {
    const identifier = await identifierOf(store, named);
    await refuseDeclared(store, identifier);
    if (!(await store.replaceResourceCredential(identifier, hashSecret(credential), until)))
      throw unknownResource(identifier);
    await done({ name: "resource_credential_rotated", resource: identifier, detail: tellKept(until) });
    return identifier;
  });
  const id = shortIdOf(resource);
  if (json) {
    const told = { resource, id, introspection_credential: credential, previous_credential_until: until };
    return printJson(shell, told);
  }
  tellSecret(
    shell,
    `The new introspection credential of ${resource} (${id}), which belongs into that server's configuration`,
    credential,
  );
  if (until !== undefined) shell.complain(`The old one stays good until ${formatInstant(until)} UTC.`);
}

async function remove(shell: Shell, identifier: string, options: JsonOption & YesOption): Promise<void> {
  const named = readName(identifier);
  const { resource, grants, left } = await changeStore(shell, async (store, done) => {
    const resource = await identifierOf(store, named);
    await refuseDeclared(store, resource);
    await agreeToRemove(shell, store, resource, options);
    const removed = await store.removeResource(resource);
    if (removed === undefined) throw unknownResource(resource);
    await done({ name: "resource_removed", resource, count: removed.grants });
    return { ...removed, resource, left: (await store.listResources()).length };
  });
  if (options.json) return printJson(shell, { removed: resource, grants });
  const ended = `${several(grants, "grant")} for it ended`;
  shell.complain(`Removed resource ${resource}: ${ended}, with every token and approval.`);
  if (left === 0) shell.complain("No resource is left: from now on any https URL is accepted as one.");
}

/** One that is unknown may have left grants behind, where a removal was broken off. */
async function agreeToRemove(
  shell: Shell,
  store: Store,
  resource: ResourceIdentifier,
  options: YesOption,
): Promise<void> {
  const isKnown = (await store.findResource(resource)) !== undefined;
  const grants = await store.countGrantsFor({ kind: "resources", id: resource }, shell.clock.now());
  if (!isKnown && grants === 0) return;
  await agree(shell, options, `removing the resource ${resource} ends ${several(grants, "grant")}`);
}

async function list(shell: Shell, store: Store, json: true | undefined): Promise<void> {
  const resources = await store.listResources();
  if (json) return printJson(shell, resources.map(describe));
  if (resources.length === 0)
    return shell.complain("There are no resources. Add one with: gatehouse resources add <url>");
  shell.print(
    formatTable(
      ["IDENTIFIER", "ID", "NAME", "CREATED", "OLD CREDENTIAL UNTIL", "CLAIMS", "SCOPES", "DECLARED AT"],
      resources.map(({ identifier, name, scopes, createdAt, claims = [], previousCredential, declared }) => [
        identifier,
        shortIdOf(identifier),
        name ?? "",
        formatInstant(createdAt),
        describeUntil(previousCredential?.until, declared),
        claims.join(" "),
        scopes.map(describeScope).join(" "),
        declared === undefined ? "" : describePlace(declared),
      ]),
    ),
  );
}

function describeUntil(until: Seconds | undefined, declared: Declared | undefined): string {
  if (until === undefined) return "";
  return declared === undefined ? formatInstant(until) : "in the file";
}

const describeScope = ({ name, isDefault, isOptional }: Resource["scopes"][number]) =>
  isDefault ? `${name} (default)` : isOptional ? `${name} (optional)` : name;

/** A resource as the operator names it: its identifier, or its short id. */
function readName(text: string): ResourceIdentifier | ShortId {
  if (text.startsWith(resourceCredentialPrefix)) {
    throw new Refusal(1, "that is a credential: name the resource by its URL or its short id");
  }
  return /^rs_[0-9a-f]{12}$/.test(text) ? (text as ShortId) : parseIdentifier(text);
}

type ShortId = `rs_${string}`;

async function identifierOf(store: Store, named: ResourceIdentifier | ShortId): Promise<ResourceIdentifier> {
  const all = named.startsWith("rs_") ? await store.listResources() : [];
  return (
    all.find(({ identifier }) => shortIdOf(identifier) === named)?.identifier ?? (named as ResourceIdentifier)
  );
}

const parseIdentifier = (text: string) => asRefusal(() => readIdentifier(text), text);
const parseScopes = (texts: readonly string[]) => asRefusal(() => readScopes(texts));
const parseClaims = (texts: readonly string[]) => asRefusal(() => readClaims(texts));

function describe({
  identifier,
  name,
  scopes,
  createdAt,
  claims,
  previousCredential,
  declared,
}: Resource): Record<string, unknown> {
  const told = scopes.map(({ name, sentence, isDefault = false, isOptional = false }) => {
    return { name, sentence, default: isDefault, optional: isOptional };
  });
  return {
    resource: identifier,
    id: shortIdOf(identifier),
    name,
    scopes: told,
    claims: claims ?? [],
    created_at: createdAt,
    previous_credential_until: previousCredential?.until,
    declared_at: declared?.place,
    left_at: declared?.leftAt,
  };
}

async function refuseDeclared(store: Store, identifier: ResourceIdentifier): Promise<void> {
  const declared = (await store.findResource(identifier))?.declared;
  if (declared !== undefined) throw declaredElsewhere(`the resource ${identifier}`, declared);
}

function unknownResource(identifier: string): Refusal {
  return new Refusal(1, `there is no resource ${identifier}`);
}

import type { Command } from "commander";
import { oneLine } from "../oauth/harmless.ts";
import { checkRedirects, requireChangeable } from "../oauth/provisioning/clients.ts";
import { asJson, collected, type JsonOption, printJson } from "./options.ts";
import { asRefusal } from "./provisioning-refusal.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore } from "./store.ts";

interface SetOptions extends JsonOption {
  readonly name?: string;
  readonly redirectUri?: readonly string[];
}

export function addSetClientCommand(clients: Command, shell: Shell): void {
  clients
    .command("set <id>")
    .description(
      "change the name or the redirect URIs of a client you provisioned; what is not given stays, and so do its secret and grants",
    )
    .option("--name <name>", "what people see it called")
    .option(
      "--redirect-uri <uri>",
      "where it may be answered, in the place of all before; may be repeated",
      collected,
    )
    .addOption(asJson())
    .action((id: string, options: SetOptions) => set(shell, id, options));
}

async function set(shell: Shell, id: string, { name, redirectUri, json }: SetOptions): Promise<void> {
  if (name === undefined && redirectUri === undefined) {
    throw new Refusal(2, "nothing to change: give --name or --redirect-uri");
  }
  const changed = await changeStore(shell, async (store, done) => {
    const client = await store.findClient(id);
    if (client === undefined) throw new Refusal(1, `there is no client ${oneLine(id)}`);
    asRefusal(() => {
      requireChangeable(client);
      checkRedirects(redirectUri ?? [], client.authMethod);
    }, id);
    await store.changeClient(id, { name, redirectUris: redirectUri });
    const detail = [name && "name", redirectUri && "redirect URIs"].filter(Boolean).join(", ");
    await done({ name: "client_updated", client: id, redirectUri: redirectUri?.join(" "), detail });
    return (await store.findClient(id)) ?? client;
  });
  if (!json) return shell.complain(`Changed client ${id}; its secret and its grants stay.`);
  const { metadata, redirectUris } = changed;
  printJson(shell, { client_id: id, client_name: metadata.name, redirect_uris: redirectUris });
}

import type { Command } from "commander";
import { isDocumented, isPublic } from "../oauth/clients/client.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { Store } from "../oauth/store.ts";
import { refuseDeclaredClient } from "./declared.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore } from "./store.ts";

interface VouchOptions extends JsonOption {
  readonly withdraw?: true;
}

export function addVouchCommand(clients: Command, shell: Shell): void {
  clients
    .command("vouch <id>")
    .description(
      "vouch for a public client that registered itself: people see it as set up by you; look at its redirect URIs first",
    )
    .option("--withdraw", "do not vouch for it any more")
    .addOption(asJson())
    .action((id: string, { withdraw, json }: VouchOptions) =>
      changeStore(shell, async (store, done) => {
        const isChanged = await (withdraw ? withdrawFrom(store, id) : vouchFor(store, id));
        if (isChanged)
          await done({ name: "client_vouched", client: id, reason: withdraw ? "withdrawn" : undefined });
        if (json) return printJson(shell, { client_id: id, vouched: !withdraw });
        const seen = withdraw ? "one that registered itself" : "set up by whoever runs this server";
        shell.complain(`People see client ${id} as ${seen}.`);
      }),
    );
}

/** False for a client that the operator set up himself. */
async function vouchFor(store: Store, id: string): Promise<boolean> {
  const client = await store.findClient(id);
  if (client === undefined) throw unknownClient(id);
  refuseDeclaredClient(client);
  if (!client.dynamicallyRegistered) return false;
  if (isDocumented(client)) {
    throw new Refusal(
      1,
      `client ${id} is known by its document: the site that publishes it is named, and vouches for it`,
    );
  }
  // One with a secret of the operator's would be trusted without a consent page.
  if (!isPublic(client)) {
    throw new Refusal(
      1,
      `client ${id} holds a secret that it got by itself: remove it and provision one with clients add`,
    );
  }
  if (!(await store.vouchForClient(id, true))) throw unknownClient(id);
  return true;
}

async function withdrawFrom(store: Store, id: string): Promise<boolean> {
  const before = await store.findClient(id);
  if (before !== undefined) refuseDeclaredClient(before);
  if (!(await store.vouchForClient(id, false))) throw unknownClient(id);
  const client = await store.findClient(id);
  if (client?.dynamicallyRegistered === false) {
    throw new Refusal(1, `client ${id} is one that you provisioned: clients remove takes it away`);
  }
  return true;
}

function unknownClient(id: string): Refusal {
  return new Refusal(1, `there is no client ${oneLine(id)}`);
}

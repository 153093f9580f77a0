import type { Command } from "commander";
import { Option } from "commander";
import { oneLine } from "../oauth/harmless.ts";
import { rotatedSecret } from "../oauth/provisioning/clients.ts";
import { tellKept } from "../oauth/provisioning/kept-secret.ts";
import { after, formatInstant, type Seconds } from "../oauth/values.ts";
import { chooseSecret, tellSecret } from "./client-secret.ts";
import { asJson, duration, type JsonOption, printJson } from "./options.ts";
import { asRefusal } from "./provisioning-refusal.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore } from "./store.ts";

interface RotateOptions extends JsonOption {
  readonly keep: Seconds;
  readonly secretStdin?: true;
}

export function addRotateSecretCommand(clients: Command, shell: Shell): void {
  clients
    .command("rotate-secret <id>")
    .description("give a client a new secret; the old one stays good beside it for a while")
    .addOption(
      new Option("--keep <duration>", "how long the old secret stays good, such as 24h; 0: it stops at once")
        .default(86_400, "24h")
        .argParser(duration("--keep")),
    )
    .option(
      "--secret-stdin",
      "read the new secret from the standard input; else one is generated and shown once",
    )
    .addOption(asJson())
    .action((id: string, options: RotateOptions) => rotate(shell, id, options));
}

async function rotate(shell: Shell, id: string, { keep, secretStdin, json }: RotateOptions): Promise<void> {
  const secret = await chooseSecret(shell, secretStdin);
  const until = after(shell.clock.now(), keep);
  const { clearSecret } = await changeStore(shell, async (store, done) => {
    const client = await store.findClient(id);
    if (client === undefined) throw new Refusal(1, `there is no client ${oneLine(id)}`);
    const kept = keep > 0 ? until : undefined;
    const { next, previous } = asRefusal(() => rotatedSecret(client, secret, kept), id);
    if (!(await store.rotateSecret(client, next, previous))) {
      throw new Refusal(
        1,
        `the secret of client ${id} was changed at this moment: look who did, then run it again`,
      );
    }
    await done({ name: "client_credential_rotated", client: id, detail: tellKept(kept) });
    return client;
  });
  const shown = secretStdin ? undefined : secret;
  if (json) {
    const previous_secret_until = keep > 0 ? until : undefined;
    return printJson(shell, { client_id: id, client_secret: shown, previous_secret_until });
  }
  shell.complain(`Rotated the secret of client ${id}.`);
  if (shown !== undefined) tellSecret(shell, "Its new secret", shown);
  shell.complain(
    keep > 0 ? `The old one stays good until ${formatInstant(until)} UTC.` : "The old one has ended.",
  );
  if (clearSecret !== undefined)
    shell.complain(
      "The service before Gatehouse, where it still runs on this database, takes the new one alone.",
    );
}

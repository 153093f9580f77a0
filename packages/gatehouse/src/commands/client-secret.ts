import { clientSecretPrefix } from "../oauth/tokens/prefixes.ts";
import { mintSecret } from "../oauth/tokens/secret.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";

/**
 * Shows what was just made and is shown never again: alone on the standard output, so that it can be sent
 * where it belongs.
 * @param what of a sentence its beginning: `Its secret`
 */
export function tellSecret(shell: Shell, what: string, secret: string): void {
  shell.complain(`${what}, shown only this once:`);
  shell.print(secret);
}

/**
 * T01: generated, 256 bits. One that was brought along is the operator's word; a short one gets a warning.
 */
export async function chooseSecret(shell: Shell, fromInput: true | undefined): Promise<string> {
  if (!fromInput) return mintSecret(shell.random, clientSecretPrefix);
  const secret = (await shell.readInput()).replace(/\r?\n$/, "");
  if (!/^[A-Za-z0-9._~-]{1,512}$/.test(secret)) {
    throw new Refusal(2, "the secret on the standard input must be 1 to 512 letters, digits and . _ ~ -");
  }
  if (secret.length < 32) {
    shell.complain(
      "gatehouse: warning: a secret of fewer than 32 characters can be guessed; leave --secret-stdin out to get a good one",
    );
  }
  return secret;
}

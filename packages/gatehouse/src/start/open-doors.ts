import type { Logger } from "pino";
import type { Config } from "../config/config.ts";

/**
 * Tells at each start through which providers everybody comes in who makes an account there (V39): what is
 * right for a trial is seldom meant for good.
 */
export function warnOfOpenDoors({ providers, sections }: Config, log: Pick<Logger, "warn">): void {
  if (sections.access?.sign_in !== undefined) return;
  for (const { name, title, openToAll, domains, ...about } of providers) {
    if (!openToAll || about.kind === "development" || Array.isArray(domains)) continue;
    const ofVariables = about.kind === "openid" && about.ofVariables === true;
    const organizations = about.kind === "github" ? "organizations:, " : "";
    const mend = ofVariables ? "set ALLOWED_DOMAINS" : `give it ${organizations}domains:`;
    log.warn(
      { provider: name },
      `everybody who makes an account at ${title} may sign in; to keep strangers out ${mend}, or rules under access: sign_in:`,
    );
  }
}

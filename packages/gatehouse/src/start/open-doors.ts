import type { Logger } from "pino";
import type { Config } from "../config/config.ts";

/** A provider through which everybody comes in who makes an account there. */
export interface OpenDoor {
  readonly name: string;
  readonly title: string;
  /** What keeps strangers out there. */
  readonly mend: string;
}

export function openDoors({ providers, sections }: Config): OpenDoor[] {
  if (sections.access?.sign_in !== undefined) return [];
  return providers.flatMap(({ name, title, openToAll, domains, ...about }) => {
    if (!openToAll || about.kind === "development" || Array.isArray(domains)) return [];
    const ofVariables = about.kind === "openid" && about.ofVariables === true;
    const organizations = about.kind === "github" ? "organizations:, " : "";
    return { name, title, mend: ofVariables ? "set ALLOWED_DOMAINS" : `give it ${organizations}domains:` };
  });
}

/** Tells of them at each start (V39): what is right for a trial is seldom meant for good. */
export function warnOfOpenDoors(config: Config, log: Pick<Logger, "warn">): void {
  for (const { name, title, mend } of openDoors(config)) {
    log.warn(
      { provider: name },
      `everybody who makes an account at ${title} may sign in; to keep strangers out ${mend}, or rules under access: sign_in:`,
    );
  }
}

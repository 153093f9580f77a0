import { createHmac } from "node:crypto";
import type { LiveSession } from "../../authorization/session.ts";
import type { ConsoleView } from "../../messages/console-page.ts";
import { endpointUrls } from "../../messages/endpoint-urls.ts";
import { OAuthError } from "../../messages/errors.ts";
import { type Parameters, requireForm } from "../../messages/parameters.ts";
import type { OAuthRequest } from "../../messages/request.ts";
import { type OAuthResponse, page, redirect, type SetCookie } from "../../messages/response.ts";
import { refuseForeignForm } from "../../messages/same-origin.ts";
import type { Services } from "../../services.ts";
import { equalSecrets } from "../../tokens/secret.ts";
import { after, type Seconds, seconds } from "../../values.ts";

/** A request to the console, of somebody who was found to be an administrator. */
export interface Asked {
  readonly services: Services;
  readonly request: OAuthRequest;
  readonly session: LiveSession;
  /** When they last proved at their provider that it is them; `undefined`: that is not known. */
  readonly presence: Seconds | undefined;
  /** Path of the page, below our origin, without its query. */
  readonly path: string;
}

/** Answers one page of the console. */
export type ConsoleHandler = (asked: Asked) => Promise<OAuthResponse>;

/** What a path of the console answers. */
export interface ConsolePath {
  readonly get: ConsoleHandler;
  readonly post?: ConsoleHandler;
}

/** Rows of a part of a list. */
export const rowsAtOnce = 50;

/** Path of the console. */
export const consoleOf = ({ services }: Pick<Asked, "services">): string =>
  endpointUrls(services.settings.issuer).consolePath;

export function show(
  { services, session }: Asked,
  view: ConsoleView,
  cookies: readonly SetCookie[] = [],
): OAuthResponse {
  const { basePath, consolePath } = endpointUrls(services.settings.issuer);
  const { account } = session;
  const frame = { at: consolePath, home: `${basePath}/`, account, csrf: consoleToken(session) };
  return page(200, { kind: "console", ...frame, view }, cookies);
}

/** On to a page of the console. @param path below it, such as `/people` */
export const goTo = (asked: Asked, path: string): OAuthResponse =>
  redirect(
    asked.request.method,
    `${new URL(asked.services.settings.issuer).origin}${consoleOf(asked)}${path}`,
  );

/** The CSRF value of every form of the console. */
function consoleToken(session: LiveSession): string {
  return createHmac("sha256", session.secret).update("console").digest("base64url");
}

/** The form, if it is one of ours, sent from a page of this session. Throws `OAuthError`. */
export function requireOwnForm({ services, request, session }: Omit<Asked, "path">): Parameters {
  refuseForeignForm(request, endpointUrls(services.settings.issuer).origin);
  const form = requireForm(request.form);
  if (!equalSecrets(form.get("csrf") ?? "", consoleToken(session))) {
    throw new OAuthError("invalid_grant", { hint: "the page is out of date" });
  }
  return form;
}

export const isConfirmed = (form: Parameters) => form.get("confirmed") === "yes";

/** How long what is replaced stays good, as the forms offer it; `undefined`: not at all. */
export function keepIn(chosen: string | undefined, now: Seconds): Seconds | undefined {
  const hours = { "1h": 1, "24h": 24, "7d": 7 * 24 }[chosen ?? ""];
  return hours === undefined ? undefined : after(now, seconds(hours * 3600));
}

/** The path of the next part of a list, with what was looked for. */
export function nextPart(
  path: string,
  which: Readonly<Record<string, string | undefined>>,
  next: string | undefined,
): string | undefined {
  if (next === undefined) return undefined;
  const query = new URLSearchParams(
    Object.entries(which).filter((each): each is [string, string] => !!each[1]),
  );
  query.set("after", next);
  return `${path}?${query}`;
}

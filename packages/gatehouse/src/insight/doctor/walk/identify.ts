import { ownHeaders, sentence } from "./challenge.ts";
import { type McpClient, type NamedScopes, scopeBy } from "./client.ts";
import type { Discovered } from "./discovery.ts";
import { parseJson } from "./documents.ts";
import { isObject, type Registration, type Registrations } from "./registrations.ts";
import { Stopped, Unwalkable } from "./stopped.ts";
import { type Received, type Wire, WireError } from "./wire.ts";

/*
 * Third step: the client becomes known, by its document or by registering as it does.
 */

export interface Identified extends Registration {
  readonly told: string;
}

const step = "walk.identify";

/** @param registers false: nothing may be registered. Throws {@link Stopped}, {@link Unwalkable}. */
export async function identify(
  client: McpClient,
  { metadata, endpoints }: Discovered,
  scopes: NamedScopes,
  registrations: Registrations | undefined,
  wire: Wire,
): Promise<Identified> {
  const { identity, authenticates, callbacks } = client;
  if (identity.by === "operator") {
    throw new Unwalkable(step, "It needs an id and a secret that you gave it, which are not walked with.");
  }
  if (identity.by === "document") {
    if (metadata?.client_id_metadata_document_supported !== true) {
      throw new Unwalkable(step, "Clients' documents are not read there, so it registers like its namesake.");
    }
    const methods = metadata.token_endpoint_auth_methods_supported;
    if (methods !== undefined && !methods.includes(authenticates)) {
      throw new Stopped(
        step,
        `It proves itself by \`${authenticates}\`, which is not among ${methods.join(", ") || "none"}.`,
        "authorization server",
        `offer \`${authenticates}\` in token_endpoint_auth_methods_supported.`,
      );
    }
    const clientId = identity.document.client_id;
    return {
      clientId,
      secret: undefined,
      method: authenticates,
      told: `It is known by its document, ${clientId}.`,
    };
  }
  if (endpoints.register === undefined || !URL.canParse(endpoints.register)) {
    throw new Stopped(
      step,
      "There is no registration_endpoint, and this client can only register.",
      "authorization server",
      "offer registration (RFC 7591), or read clients' documents.",
    );
  }
  if (registrations === undefined || !(await registrations.mayRegisterAt(endpoints.register))) {
    throw new Unwalkable(step, "Nothing was registered there, as you wished.");
  }
  const [callback] = callbacks;
  const scope = scopeBy(identity.scope ?? "none", scopes);
  const body = { ...identity.metadata(callback), ...(scope !== undefined && { scope }) };
  const answer = await asked(() =>
    registrations.register(endpoints.register ?? "", body, ownHeaders(client), wire),
  );
  if ("refused" in answer)
    throw refusal(answer.refused, endpoints.register, callback, metadata === undefined);
  checkEcho(client, answer.body, callback);
  return { ...answer.registration, told: "It registers." };
}

async function asked<T>(register: () => Promise<T>): Promise<T> {
  try {
    return await register();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new Stopped(
      step,
      sentence(error.message),
      "authorization server",
      "make registration work from there.",
    );
  }
}

function refusal(answer: Received, url: string, callback: string, isGuess: boolean): Error {
  if (answer.status === 429) {
    return new Unwalkable(
      step,
      `${url} limits how much is registered (429); try again later, with --client NAME.`,
    );
  }
  if (isGuess) {
    return new Stopped(
      step,
      `It registers at ${url}, for want of metadata, and is answered ${answer.status}.`,
      "MCP server",
      "name the metadata in the 401 (`resource_metadata`), and the authorization server in them (RFC 9728).",
    );
  }
  const why = saidIn(answer);
  const isAboutRedirect = /redirect/i.test(why);
  return new Stopped(
    step,
    isAboutRedirect
      ? `Registration refuses ${callback}: ${why}.`
      : `Registration is answered ${answer.status}: ${why}.`,
    "authorization server",
    isAboutRedirect
      ? "accept this redirect URI; desktop clients listen at loopback addresses and schemes of their own (RFC 8252 §7)."
      : "accept what the client registers (RFC 7591), and leave out what is not supported.",
  );
}

/** The SDKs refuse an answer without what was registered. */
function checkEcho({ looks }: McpClient, body: Readonly<Record<string, unknown>>, callback: string): void {
  if (!looks.strict || Array.isArray(body.redirect_uris)) return;
  throw new Stopped(
    step,
    `The answer to its registration has no \`redirect_uris\`, and it gives up (it sent ${callback}).`,
    "authorization server",
    "answer with all that was registered (RFC 7591 §3.2.1).",
  );
}

/** What an answer says went wrong, in its own words. */
export function saidIn({ status, text, headers }: Received): string {
  const body = parseJson(text)?.value;
  if (isObject(body) && typeof body.error === "string") {
    const { error, error_description: description } = body;
    return typeof description === "string" ? `${error} (${description})` : error;
  }
  if (/^text\/html/.test(headers["content-type"] ?? "")) {
    const [, heading = ""] = /<(?:h1|title)[^>]*>([^<]*)</i.exec(text) ?? [];
    return heading.trim() === "" ? `a page, ${status}` : `a page, "${heading.trim().slice(0, 200)}"`;
  }
  return text.trim().slice(0, 200) || `${status} and nothing else`;
}

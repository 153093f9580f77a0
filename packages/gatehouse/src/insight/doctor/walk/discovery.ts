import { type Challenge, metadataHeaders, sentence } from "./challenge.ts";
import type { McpClient } from "./client.ts";
import { readServerMetadata, type ServerMetadata } from "./documents.ts";
import { type Looks, metadataUrls } from "./looks.ts";
import { Stopped } from "./stopped.ts";
import { type Received, type Wire, WireError } from "./wire.ts";

/*
 * Second step: whom the MCP server trusts, and the documents by which that authorization server is found
 * (RFC 9728 §3.3, RFC 8414 §3, OpenID Connect Discovery §4).
 */

export interface Discovered {
  /** Who was asked for, as the client spells it. */
  readonly issuer: string;
  /** `undefined`: none are found, and the client makes the endpoints up. */
  readonly metadata: ServerMetadata | undefined;
  readonly endpoints: {
    readonly authorize: string;
    readonly token: string;
    readonly register: string | undefined;
  };
  readonly told: string;
}

const step = "walk.discovery";

/** @param server the MCP server's address; `undefined` where an issuer was named. Throws {@link Stopped}. */
export async function discover(
  client: McpClient,
  server: string | undefined,
  { metadata, metadataUrl }: Pick<Challenge, "metadata" | "metadataUrl">,
  issuer: string | undefined,
  wire: Wire,
): Promise<Discovered> {
  const { looks } = client;
  let trusted = metadata;
  if (server !== undefined && metadata !== undefined && !isFor(server, metadata.resource, looks)) {
    if (looks.foreignResource === "ends") {
      throw new Stopped(
        step,
        `${metadataUrl} is about ${metadata.resource}, asked was ${server}: the client refuses.`,
        "MCP server",
        `publish \`resource\` as ${server}.`,
      );
    }
    trusted = undefined;
  }
  const [named] = trusted?.authorization_servers ?? [];
  const asked = issuer ?? named ?? `${new URL(server ?? "").origin}/`;
  const found = await findMetadata(client, asked, wire);
  if (found === undefined) return guessed(client, asked, named !== undefined || issuer !== undefined);
  if (looks.comparesIssuer && !isIssuer(found.document.issuer, asked)) {
    throw new Stopped(
      step,
      `${found.url} says \`issuer\` is ${found.document.issuer}, asked was ${asked}: the client refuses.`,
      "authorization server",
      `let \`issuer\` be what MCP servers name in \`authorization_servers\`, to the letter.`,
    );
  }
  const { authorization_endpoint, token_endpoint, registration_endpoint } = found.document;
  return {
    issuer: asked,
    metadata: found.document,
    endpoints: { authorize: authorization_endpoint, token: token_endpoint, register: registration_endpoint },
    told: `Found at the ${ordinal(found.place)} place it looks, ${found.url}.`,
  };
}

/** RFC 9728 §3.3, and what the SDKs make of it: a parent on the same origin will do. */
function isFor(server: string, resource: string, { resource: rule }: Looks): boolean {
  const [asked, published] = [new URL(server), new URL(resource)];
  if (rule === "same") return withoutHash(asked) === withoutHash(published);
  if (asked.origin !== published.origin) return false;
  const folder = (path: string) => (path.endsWith("/") ? path : `${path}/`);
  return (
    folder(asked.pathname).startsWith(folder(published.pathname)) &&
    asked.pathname.length >= published.pathname.length
  );
}

const withoutHash = ({ origin, pathname, search }: URL) => `${origin}${pathname}${search}`;

/** A slash at the end of who was asked is forgiven, as the SDK does. */
function isIssuer(issuer: string | undefined, asked: string): boolean {
  return issuer === asked || (asked.endsWith("/") && issuer === asked.slice(0, -1));
}

async function findMetadata(client: McpClient, issuer: string, wire: Wire) {
  const { looks } = client;
  if (!URL.canParse(issuer)) return undefined;
  for (const [place, url] of metadataUrls(issuer, looks.places).entries()) {
    const received = await readAt(client, url, wire);
    if (received === undefined) continue;
    if (received.status !== 200) {
      if (looksFurther(received, looks)) continue;
      throw new Stopped(
        step,
        `${url} is answered ${received.status}, and the client looks no further.`,
        "authorization server",
        "answer 404 where there is no document.",
      );
    }
    const read = readServerMetadata(received, looks.strict);
    if ("document" in read) return { place, url, document: read.document };
    if (looks.strict) {
      throw new Stopped(
        step,
        `${sentence(read.wrong)} The client looks no further.`,
        "authorization server",
        "publish metadata by RFC 8414 there, or answer 404.",
      );
    }
  }
  return undefined;
}

/** `undefined`: nothing came, and the client looks further. */
async function readAt(client: McpClient, url: string, wire: Wire): Promise<Received | undefined> {
  try {
    return await wire.read(url, metadataHeaders(client), client.looks.redirects);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    if (client.looks.silence === "looks further") return undefined;
    throw new Stopped(step, sentence(error.message), "authorization server", "make its metadata reachable.");
  }
}

function looksFurther({ status }: Received, { looksFurther: rule }: Looks): boolean {
  return rule === "any" || status < 500 || (status === 502 && rule === "4xx and 502");
}

function guessed({ looks }: McpClient, issuer: string, isNamed: boolean): Discovered {
  const mend = isNamed
    ? ([
        "authorization server",
        "publish metadata at /.well-known/oauth-authorization-server (RFC 8414).",
      ] as const)
    : ([
        "MCP server",
        "name the metadata in the 401 (`resource_metadata`), and the authorization server in them (RFC 9728).",
      ] as const);
  const places = metadataUrls(issuer, looks.places);
  const nowhere = `No metadata of an authorization server at ${places.join(", ")}.`;
  if (!looks.guesses) throw new Stopped(step, nowhere, mend[0], mend[1]);
  const at = (path: string) => new URL(path, issuer).href;
  return {
    issuer,
    metadata: undefined,
    endpoints: { authorize: at("/authorize"), token: at("/token"), register: at("/register") },
    told: `${nowhere} It takes ${at("/authorize")}, /token and /register.`,
  };
}

const ordinal = (place: number) => ["first", "second", "third", "fourth", "fifth"][place] ?? `${place + 1}th`;

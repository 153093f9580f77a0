import { hash } from "node:crypto";
import { hasLeft } from "./declarations.ts";
import { hostOf, isLoopbackUrl } from "./host.ts";
import { OAuthError } from "./messages/errors.ts";
import type { Resource, Standing } from "./records.ts";
import type { Settings } from "./settings.ts";
import type { Store } from "./store.ts";
import type { ResourceIdentifier, Seconds } from "./values.ts";

const shape = /^(https?):\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(\/[^?#\\]*)?(\?[^#\\]*)?$/i;

/**
 * The canonical form of a resource indicator (RFC 8707 §2, L01, L06): scheme and host in lower case, no
 * default port, no dot after the host, no slash alone as path; path and query to the letter. Throws
 * `invalid_target` for anything but an absolute http(s) URI without fragment.
 */
export function canonicalResource(value: string): ResourceIdentifier {
  const [, , , path = "", query = ""] =
    (value.length <= 2048 && shape.exec(value)) ||
    refuse("resource is not an absolute http(s) URI without fragment", undefined, value);
  if (/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) refuse("resource holds dot segments");
  if (!/^[\x21-\x7E]+$/.test(value) || !URL.canParse(value)) refuse("resource is not a valid URI");
  const url = new URL(value);
  const origin = `${url.protocol}//${hostOf(url)}${url.port && `:${url.port}`}`;
  return (origin + (path === "/" ? "" : path) + query) as ResourceIdentifier;
}

/**
 * A short name for a resource, for callers that authenticate by id and secret: always the same for the same
 * identifier, on every server. It names the resource and proves nothing.
 */
export function shortIdOf(identifier: ResourceIdentifier): string {
  return `rs_${hash("sha256", identifier).slice(0, 12)}`;
}

/** Whether a resource may be used although nobody configured it: https, or http on loopback. */
function isSafeUnconfigured(identifier: ResourceIdentifier): boolean {
  const url = new URL(identifier);
  return url.protocol === "https:" || isLoopbackUrl(url);
}

/**
 * The one resource an authorization request is for (L02-L05): the one it names, which must be configured as
 * soon as any is; else the default, or the only one configured. `undefined` when it names none and there is
 * no default. Throws `invalid_target`.
 */
export async function chooseResource(
  store: Store,
  settings: Settings,
  requested: readonly string[],
): Promise<Resource | undefined> {
  const named = new Set(requested.map(canonicalResource));
  // L03: all are looked at; a token has one audience (L07), so two different ones are refused rather than one
  // of them picked.
  if (named.size > 1) refuse("only one resource per authorization is supported", "one", [...named].join(" "));
  const [identifier = settings.defaultResource] = named;
  if (identifier !== undefined) {
    const resource = await store.findResource(identifier);
    if (resource !== undefined && hasLeft(resource)) {
      throw unknownResource(await store.listResources(), identifier);
    }
    return resource ?? (await unconfigured(store, identifier, named.size === 0));
  }
  const configured = (await store.listResources()).filter((resource) => !hasLeft(resource));
  return configured.length === 1 ? configured[0] : undefined;
}

/**
 * The resource of a token request: it may only repeat the granted one (F12, G09). Throws `invalid_target`.
 */
export function narrowResource(granted: ResourceIdentifier | undefined, requested: readonly string[]): void {
  if (requested.some((value) => canonicalResource(value) !== granted))
    refuse("resource was not part of the authorization", granted ?? "none", requested.join(" "));
}

/**
 * Y18: what a file no longer declares waits for it. Not `invalid_grant`: clients forget their tokens then.
 * Throws `invalid_target`.
 */
export function refuseLeft({ standing }: { readonly standing?: Standing }): void {
  if (standing?.left) refuse("the resource is not available at present");
}

/** For whoever runs the server, who has a handful of them. */
function knownOf(known: readonly ResourceIdentifier[]): string {
  return known.slice(0, 5).join(" or ") + (known.length > 5 ? ` or one of ${known.length - 5} more` : "");
}

async function unconfigured(
  store: Store,
  identifier: ResourceIdentifier,
  isDefault: boolean,
): Promise<Resource> {
  if (!isDefault) {
    const configured = await store.listResources();
    if (configured.length > 0) throw unknownResource(configured, identifier);
    if (!isSafeUnconfigured(identifier)) refuse("unknown resource", "https, or http on loopback", identifier);
  }
  return { identifier, name: undefined, scopes: [], createdAt: 0 as Seconds };
}

/** A slash, a port or a letter is enough to miss: whoever nearly has an address reads which one is meant. */
function unknownResource(configured: readonly Resource[], asked: ResourceIdentifier): OAuthError {
  const present = configured.filter((resource) => !hasLeft(resource));
  const near = nearlyNamed(asked, present);
  const known = (near ?? atSameHost(asked, present))?.identifier;
  const about = known === undefined ? "" : `; this server knows ${known}`;
  return new OAuthError("invalid_target", {
    hint: `unknown resource${about}`,
    debug: `unknown resource ${asked}${about}`,
    reason: { key: "unknownResource", asked: asked.slice(0, 200), known },
    log: { reason: "resource" },
    decidedBy: {
      rule: "resource (RFC 8707 §2)",
      expected: knownOf(present.map(({ identifier }) => identifier)),
      received: asked,
      facts: { nearest: near?.identifier, "nearest declared at": near?.declared?.place },
    },
  });
}

/** The one that differs in a few characters. */
export function nearlyNamed<T extends { readonly identifier: ResourceIdentifier }>(
  asked: string,
  known: readonly T[],
): T | undefined {
  return known
    .map((one) => ({ one, distance: distance(asked, one.identifier, maxTypos) }))
    .filter((each) => each.distance > 0 && each.distance <= maxTypos)
    .sort((left, right) => left.distance - right.distance)[0]?.one;
}

/** The only one at the same host. */
function atSameHost(asked: string, known: readonly Resource[]): Resource | undefined {
  const sameHost = known.filter(({ identifier }) => new URL(identifier).host === new URL(asked).host);
  return sameHost.length === 1 ? sameHost[0] : undefined;
}

/** More is another address, and no mistyped one. */
const maxTypos = 3;

/** How many characters are added, left out or replaced; more than `most` is not counted on. */
function distance(one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let above = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [row, letter] of [...one].entries()) {
    const line = [row + 1];
    for (const [column, same] of [...other].entries()) {
      const replaced = (above[column] ?? 0) + Number(letter !== same);
      line.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1));
    }
    if (Math.min(...line) > most) return most + 1;
    above = line;
  }
  return above[other.length] ?? most + 1;
}

function refuse(hint: string, expected?: string, received?: string): never {
  const decidedBy = { rule: "resource (RFC 8707 §2)", expected: expected ?? hint, received };
  throw new OAuthError("invalid_target", { hint, decidedBy });
}

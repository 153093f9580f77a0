import { OAuthError } from "../messages/errors.ts";
import { type Resource, type ResourceClaim, resourceClaims } from "../records.ts";
import { canonicalResource } from "../resource.ts";
import { parseScope } from "../scope.ts";
import type { ResourceIdentifier } from "../values.ts";
import { ProvisioningError } from "./problem.ts";

/* How an operator writes what a resource is. Each throws `ProvisioningError`. */

export function readIdentifier(text: string): ResourceIdentifier {
  try {
    return canonicalResource(text);
  } catch (error) {
    throw wrongly(error, "malformed_identifier");
  }
}

/** `name=sentence`, or a name alone. Of a name twice nobody would know which sentence holds. */
export function readScopes(texts: readonly string[]): Resource["scopes"] {
  const scopes = texts.map((text) => {
    const [name = "", ...sentence] = text.split("=");
    return { name: readScopeName(name, text), sentence: sentence.join("=").trim() || undefined };
  });
  const names = scopes.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ProvisioningError("scope_twice", twice);
  return scopes;
}

/** Each once, in one order, whatever the order they are given in; `none` alone: none. */
export function readClaims(texts: readonly string[]): readonly ResourceClaim[] {
  if (texts.length === 1 && texts[0] === "none") return [];
  const unknown = texts.find((text) => !resourceClaims.some((claim) => claim === text));
  if (unknown !== undefined) throw new ProvisioningError("unknown_claim", unknown);
  return resourceClaims.filter((claim) => texts.includes(claim));
}

function readScopeName(name: string, text: string): string {
  try {
    const [first, ...more] = parseScope(name);
    if (first !== undefined && more.length === 0) return first;
  } catch (error) {
    throw wrongly(error, "malformed_scope");
  }
  throw new ProvisioningError("malformed_scope", text);
}

function wrongly(error: unknown, problem: "malformed_identifier" | "malformed_scope"): unknown {
  return error instanceof OAuthError ? new ProvisioningError(problem, error.hint ?? error.code) : error;
}

import { isStorable } from "../text.ts";
import { OAuthError } from "./errors.ts";

/**
 * The parameters of a query string or a form, `application/x-www-form-urlencoded`, decoded once. Empty values
 * count as absent (OAuth 2.1 §3.1, B02/E03); repetition is remembered, because repeated OAuth parameters are
 * refused and never first- or last-wins.
 */
export class Parameters {
  readonly #values = new Map<string, string[]>();

  /** Throws `OAuthError("invalid_request")` on malformed percent-encoding or UTF-8. */
  static parse(encoded: string): Parameters {
    if (encoded === "") return none;
    const parameters = new Parameters();
    for (const pair of encoded.split("&")) {
      if (pair === "") continue;
      const equals = pair.indexOf("=");
      const name = decode(equals === -1 ? pair : pair.slice(0, equals));
      const value = equals === -1 ? "" : decode(pair.slice(equals + 1));
      const values = parameters.#values.get(name);
      if (values === undefined) parameters.#values.set(name, [value]);
      else values.push(value);
    }
    return parameters;
  }

  /**
   * The value, or `undefined` when absent or empty. Of a repeated one the first: call `refuseRepeated`
   * before.
   */
  get(name: string): string | undefined {
    return this.#values.get(name)?.[0] || undefined;
  }

  /** All non-empty values of a name, for `resource`, which alone may stand several times (RFC 8707 §2). */
  all(name: string): readonly string[] {
    return this.#values.get(name)?.filter((value) => value !== "") ?? [];
  }

  /** The names that stand more than once, whatever their values. */
  repeated(): readonly string[] {
    return [...this.#values].filter(([, values]) => values.length > 1).map(([name]) => name);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Throws `invalid_request` when any parameter but `resource` is repeated (E03, B09). */
  refuseRepeated(): void {
    const name = this.repeated().find((repeated) => repeated !== "resource");
    if (name !== undefined) throw new OAuthError("invalid_request", { hint: "a parameter is repeated" });
  }
}

/** Nothing is ever put into it. */
const none = new Parameters();

/** The form that a request must have, with nothing in it twice (E02, E03). Throws `invalid_request`. */
export function requireForm(form: Parameters | undefined): Parameters {
  if (form === undefined) {
    throw new OAuthError("invalid_request", { hint: "expected application/x-www-form-urlencoded" });
  }
  form.refuseRepeated();
  return form;
}

/** Percent-encoding of half a surrogate pair is malformed already. */
function decode(text: string): string {
  const decoded = text.includes("%") || text.includes("+") ? decodePercent(text.replaceAll("+", " ")) : text;
  if (!isStorable(decoded)) throw new OAuthError("invalid_request", { hint: "a parameter holds NUL" });
  return decoded;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new OAuthError("invalid_request", { hint: "malformed percent-encoding" });
  }
}

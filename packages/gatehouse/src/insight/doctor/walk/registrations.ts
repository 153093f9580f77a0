import { randomUUID } from "node:crypto";
import { parseJson } from "./documents.ts";
import { type Received, type Wire, WireError } from "./wire.ts";

/*
 * The walk registers as each client does, under its own name (RFC 7591), each different body once, and
 * removes what it registered where the server offers that (RFC 7592 §2.3).
 */

/** What the person, or whoever runs the server, reads there. */
export const ownName = "Gatehouse doctor";

/** What tells whose software it is: the walk is none of theirs. */
const othersMembers = ["client_uri", "logo_uri", "software_id", "software_version", "tos_uri", "policy_uri"];

export interface Registration {
  readonly clientId: string;
  readonly secret: string | undefined;
  readonly method: string | undefined;
}

/** What a registration is answered: one, or the refusal. */
export type RegistrationAnswer =
  | { readonly registration: Registration; readonly body: Readonly<Record<string, unknown>> }
  | { readonly refused: Received };

export class Registrations {
  readonly #wire: Wire;
  readonly #agrees: (origin: string) => Promise<boolean>;
  readonly #agreed = new Map<string, Promise<boolean>>();
  readonly #answers = new Map<string, Promise<RegistrationAnswer>>();
  readonly #made: {
    readonly clientId: string;
    readonly uri: string | undefined;
    readonly token: string | undefined;
  }[] = [];

  /**
   * @param wire to remove them with
   * @param agrees whether anything may be registered at a server of this origin; asked once for each
   */
  constructor(wire: Wire, agrees: (origin: string) => Promise<boolean>) {
    this.#wire = wire;
    this.#agrees = agrees;
  }

  mayRegisterAt(url: string): Promise<boolean> {
    const { origin, protocol } = new URL(url);
    // Anything else is not asked at all.
    if (!/^https?:$/.test(protocol)) return Promise.resolve(true);
    const agreed = this.#agreed.get(origin) ?? this.#agrees(origin);
    this.#agreed.set(origin, agreed);
    return agreed;
  }

  /** Throws {@link WireError}. */
  register(
    url: string,
    metadata: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>>,
    wire: Wire,
  ): Promise<RegistrationAnswer> {
    const own = Object.entries(metadata).filter(
      ([name]) => ![...othersMembers, "client_name"].includes(name),
    );
    // An identifier of its own, so that the server keeps no record that others share.
    const body = { ...Object.fromEntries(own), client_name: ownName, software_id: randomUUID() };
    // A page asks otherwise than a program.
    const key = JSON.stringify([url, headers.origin, own.toSorted()]);
    const answer = this.#answers.get(key) ?? this.#register(url, body, headers, wire);
    this.#answers.set(key, answer);
    return answer;
  }

  /** Removes everything; gives the identifiers that are left behind. */
  async removeAll(): Promise<string[]> {
    const left: string[] = [];
    for (const { clientId, uri, token } of this.#made.splice(0)) {
      if (!(await this.#remove(uri, token))) left.push(clientId);
    }
    return left;
  }

  async #register(
    url: string,
    body: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>>,
    wire: Wire,
  ): Promise<RegistrationAnswer> {
    const received = await wire.ask(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = parseJson(received.text)?.value;
    if (received.status < 200 || received.status > 299 || !isObject(answer)) return { refused: received };
    const { client_id, client_secret, registration_client_uri, registration_access_token } = answer;
    if (typeof client_id !== "string") return { refused: received };
    this.#made.push({
      clientId: client_id,
      uri: text(registration_client_uri),
      token: text(registration_access_token),
    });
    const registration = {
      clientId: client_id,
      secret: text(client_secret),
      method: text(answer.token_endpoint_auth_method),
    };
    return { registration, body: answer };
  }

  async #remove(uri: string | undefined, token: string | undefined): Promise<boolean> {
    if (uri === undefined || token === undefined) return false;
    try {
      const { status } = await this.#wire.ask(uri, {
        method: "DELETE",
        headers: { authorization: `Bearer ${token}` },
      });
      return status === 204 || status === 200;
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return false;
    }
  }
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { hash, randomBytes } from "node:crypto";
import { Client } from "pg";

/*
 * The service before Gatehouse, as far as its database sees it: the statements of its confidential flow, to
 * the letter of the compatibility notes. It runs beside us on the same database during a switch.
 */

const anHour = "now() - interval '1 hour'";

export class OldService {
  readonly #client: Client;

  constructor(url: string) {
    this.#client = new Client({ connectionString: url });
  }

  connect(): Promise<Client> {
    return this.#client.connect().then(() => this.#client);
  }

  close(): Promise<void> {
    return this.#client.end();
  }

  /** The client row, and a session whose id is the cookie's value in clear. */
  async authorize(
    clientId: string,
    state: string,
    redirectUri: string,
  ): Promise<{ session: string; state: string }> {
    const found = await this.#client.query("select secret, redirect_uris from oauth2_clients where id = $1", [
      clientId,
    ]);
    if (found.rowCount !== 1) throw new Error("unknown client");
    const session = aSecret();
    const upstreamState = aSecret();
    await this.#client.query(
      `insert into oauth2_sessions (id, client_id, state, callback_state, callback_url, code_challenge, code_challenge_method, resource)
       values ($1, $2, $3, $4, $5, '', '', '')`,
      [session, clientId, upstreamState, state, redirectUri],
    );
    return { session, state: upstreamState };
  }

  /**
   * Back from the provider: takes the session, leaves a code in clear. `undefined` when the session is not
   * its own, or gone.
   */
  async callback(session: string, state: string, email: string): Promise<string | undefined> {
    const { rows } = await this.#client.query(
      `delete from oauth2_sessions where id = $1 and state = $2 and created_at > ${anHour}
       returning client_id, callback_url, code_challenge, code_challenge_method, resource`,
      [session, state],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const code = aSecret();
    await this.#client.query(
      `insert into oauth2_codes (id, client_id, email, code_challenge, code_challenge_method, redirect_uri, resource)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        code,
        row.client_id,
        email,
        row.code_challenge,
        row.code_challenge_method,
        row.callback_url,
        row.resource,
      ],
    );
    return code;
  }

  /** `undefined` for a secret or a code that is not good here. */
  async token(clientId: string, secret: string, code: string): Promise<string | undefined> {
    const { rows } = await this.#client.query("select secret from oauth2_clients where id = $1", [clientId]);
    if (rows[0]?.secret !== secret) return undefined;
    const taken = await this.#client.query(
      `delete from oauth2_codes where id = $1 and client_id = $2 and created_at > ${anHour} returning email`,
      [code, clientId],
    );
    const [row] = taken.rows;
    if (row === undefined) return undefined;
    const token = `gatehouse_at_${aSecret()}`;
    await this.#client.query(
      "insert into user_tokens (token, email, expires_at) values ($1, $2, now() + interval '7 days')",
      [hashOf(token), row.email],
    );
    return token;
  }

  /** Whose token it is. */
  async introspect(token: string): Promise<string | undefined> {
    const { rows } = await this.#client.query(
      "select email from user_tokens where token = $1 and expires_at > now() and scope_project_id is null",
      [hashOf(token)],
    );
    return rows[0]?.email;
  }

  /** What it gives a public client besides the access token, in its later versions. */
  async mintRefreshToken(clientId: string, email: string, lifetime = "30 days"): Promise<string> {
    const token = aSecret();
    await this.#client.query(
      `insert into refresh_tokens (token, email, client_id, expires_at) values ($1, $2, $3, now() + interval '${lifetime}')`,
      [hashOf(token), email, clientId],
    );
    return token;
  }

  /** Whose it is, and thirty days more for it. */
  async refresh(clientId: string, token: string): Promise<string | undefined> {
    const { rows } = await this.#client.query(
      `update refresh_tokens set expires_at = now() + interval '30 days'
       where token = $1 and client_id = $2 and expires_at > now() returning email`,
      [hashOf(token), clientId],
    );
    return rows[0]?.email;
  }

  async revoke(token: string): Promise<void> {
    await this.#client.query("delete from user_tokens where token = $1", [hashOf(token)]);
  }

  async cleanUp(): Promise<void> {
    await this.#client.query(`delete from oauth2_sessions where created_at < ${anHour}`);
    await this.#client.query(`delete from oauth2_codes where created_at < ${anHour}`);
  }
}

const aSecret = () => randomBytes(32).toString("base64url");
const hashOf = (token: string) => hash("sha256", token, "base64url");

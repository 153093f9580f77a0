import type { OAuthClientProvider } from "@modelcontextprotocol/sdk/client/auth.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import { SdkClient } from "./sdk-client.ts";

/** What an MCP client keeps: its registration, its tokens, and where it wants the person's browser to go. */
class ClientMemory implements OAuthClientProvider {
  readonly redirectUrl = "http://127.0.0.1:33418/callback";
  readonly clientMetadata = {
    client_name: "SDK client",
    redirect_uris: [this.redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  authorizationUrl: URL | undefined;
  #information: OAuthClientInformationMixed | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = "";

  clientInformation() {
    return this.#information;
  }
  saveClientInformation(information: OAuthClientInformationMixed) {
    this.#information = information;
  }
  tokens() {
    return this.#tokens;
  }
  saveTokens(tokens: OAuthTokens) {
    this.#tokens = tokens;
  }
  redirectToAuthorization(url: URL) {
    this.authorizationUrl = url;
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }
  codeVerifier() {
    return this.#verifier;
  }
}

/** An MCP client on the official SDK of the first generation, with the SDK's own OAuth code. */
export class SdkV1Client extends SdkClient {
  readonly memory = new ClientMemory();
  readonly #url: URL;

  constructor(url: string) {
    super();
    this.#url = new URL(url);
  }

  /**
   * Connects; when the server wants a sign-in, `browse` plays the person: it gets the authorization URL and
   * returns where the browser ended, the redirect URI with the answer.
   */
  async connect(browse: (authorizationUrl: URL) => Promise<URL>): Promise<void> {
    const transport = this.#transport();
    try {
      await this.#open(transport);
    } catch (error) {
      const url = this.memory.authorizationUrl;
      if (!(error instanceof UnauthorizedError) || url === undefined) throw error;
      const answer = await browse(url);
      await transport.finishAuth(answer.searchParams.get("code") ?? `no code: ${answer.href}`);
      await this.#open(this.#transport());
    }
  }

  #transport(): StreamableHTTPClientTransport {
    return new StreamableHTTPClientTransport(this.#url, {
      authProvider: this.memory,
      fetch: this.fetch,
    });
  }

  async #open(transport: StreamableHTTPClientTransport): Promise<void> {
    const client = new Client({ name: "test", version: "1.0.0" });
    this.client = client;
    // The SDK's own types disagree under exactOptionalPropertyTypes.
    await client.connect(transport as Parameters<Client["connect"]>[0]);
  }
}

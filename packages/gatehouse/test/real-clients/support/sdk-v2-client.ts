import { randomUUID } from "node:crypto";
import {
  Client,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import type { Browse } from "./person.ts";
import { SdkClient } from "./sdk-client.ts";

/** What the application around the SDK keeps. */
class Memory implements OAuthClientProvider {
  readonly redirectUrl: string;
  readonly clientMetadata: OAuthClientMetadata;
  authorizationUrl: URL | undefined;
  #information: StoredOAuthClientInformation | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #discovery: OAuthDiscoveryState | undefined;
  #verifier = "";
  readonly #state = randomUUID();

  constructor(redirectUrl: string, metadata: Partial<OAuthClientMetadata>) {
    this.redirectUrl = redirectUrl;
    this.clientMetadata = { client_name: "SDK v2 client", redirect_uris: [redirectUrl], ...metadata };
  }
  state() {
    return this.#state;
  }
  clientInformation() {
    return this.#information;
  }
  saveClientInformation(information: StoredOAuthClientInformation) {
    this.#information = information;
  }
  tokens() {
    return this.#tokens;
  }
  saveTokens(tokens: StoredOAuthTokens) {
    this.#tokens = tokens;
  }
  invalidateCredentials(which: "all" | "client" | "tokens" | "verifier" | "discovery") {
    if (which === "all" || which === "client") this.#information = undefined;
    if (which === "all" || which === "tokens") this.#tokens = undefined;
    if (which === "all" || which === "discovery") this.#discovery = undefined;
  }
  redirectToAuthorization(url: URL) {
    this.authorizationUrl = url;
  }
  saveDiscoveryState(state: OAuthDiscoveryState) {
    this.#discovery = state;
  }
  discoveryState() {
    return this.#discovery;
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }
  codeVerifier() {
    return this.#verifier;
  }
}

/**
 * An MCP client on the official SDK of the second generation, which checks the issuer and `iss` by itself.
 */
export class SdkV2Client extends SdkClient {
  readonly memory: Memory;
  readonly #url: URL;

  /**
   * @param metadata what it registers beside its name and redirect URI; what is left out is the SDK's or the
   * server's choice
   */
  constructor(url: string, redirectUrl: string, metadata: Partial<OAuthClientMetadata> = {}) {
    super();
    this.#url = new URL(url);
    this.memory = new Memory(redirectUrl, metadata);
  }

  /** Connects; when the server wants a sign-in, `browse` plays the person. */
  async connect(browse: Browse): Promise<void> {
    const transport = this.#transport();
    try {
      await this.#open(transport);
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error;
      await this.#finish(transport, browse);
    }
  }

  /** After a call that was refused for its scope: the person allows more, and it connects anew. */
  async stepUp(browse: Browse): Promise<void> {
    await this.#finish(this.#transport(), browse);
  }

  async #finish(transport: StreamableHTTPClientTransport, browse: Browse): Promise<void> {
    const url = this.memory.authorizationUrl;
    if (url === undefined) throw new Error("nobody is to be asked");
    const { searchParams } = await browse(url);
    // The one check the SDK leaves to the application.
    if (searchParams.get("state") !== this.memory.state()) throw new Error("a foreign answer");
    await transport.finishAuth(searchParams);
    await this.#open(this.#transport());
  }

  #transport(): StreamableHTTPClientTransport {
    return new StreamableHTTPClientTransport(this.#url, {
      authProvider: this.memory,
      fetch: this.fetch,
    });
  }

  async #open(transport: StreamableHTTPClientTransport): Promise<void> {
    await this.close();
    const client = new Client({ name: "test", version: "1.0.0" });
    this.client = client;
    await client.connect(transport);
  }
}

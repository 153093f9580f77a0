/**
 * An MCP client on the official SDK, with the SDK's own OAuth code; how it connects differs between the SDK's
 * generations.
 */
export abstract class SdkClient {
  /** What the application around the SDK stores. */
  abstract readonly memory: { tokens(): { readonly refresh_token?: string | undefined } | undefined };
  /**
   * Whether the network loses the answers of the token endpoint; what was asked there happens all the same.
   */
  losesTokens = false;
  protected client: ConnectedClient | undefined;

  /** Connects; when the server wants a sign-in, `browse` plays the person. */
  abstract connect(browse: (authorizationUrl: URL) => Promise<URL>): Promise<void>;

  /** The text of a tool's answer. */
  async call(tool: string): Promise<string> {
    const result = await this.client?.callTool({ name: tool, arguments: {} });
    return JSON.stringify(result?.content);
  }

  async close(): Promise<void> {
    await this.client?.close();
  }

  protected readonly fetch = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const response = await fetch(url, init);
    if (this.losesTokens && new URL(url).pathname === "/token") throw new TypeError("fetch failed");
    return response;
  };
}

interface ConnectedClient {
  callTool(call: {
    name: string;
    arguments: Record<string, unknown>;
  }): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

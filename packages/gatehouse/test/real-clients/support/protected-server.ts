import { startDemoServer } from "../../../src/demo/mcp-server.ts";
import { freePort } from "../../support/free-port.ts";
import { startTestGatehouse, type TestGatehouse } from "../../support/gatehouse.ts";

/** The demo MCP server and the Gatehouse that guards it, as somebody would run them. */
export interface ProtectedServer {
  readonly gatehouse: TestGatehouse;
  /** What a person types into a client. */
  readonly url: string;
  /** How often somebody was sent to the identity provider, or chose an account there. */
  signIns(): number;
  /** How often a client renewed its tokens. */
  refreshes(): number;
  /** Time passes: every access token issued so far is dead afterwards, refresh tokens live on. */
  letAccessTokensExpire(): void;
  stop(): Promise<void>;
}

export async function startProtectedServer(): Promise<ProtectedServer> {
  const gatehouse = await startTestGatehouse();
  const port = await freePort();
  const url = `http://localhost:${port}/mcp`;
  const credential = await gatehouse.addResource(url, { mcp: "Call its tools as you" });
  const { issuer } = gatehouse;
  const mcp = await startDemoServer({ issuer, resource: url, credential, port, host: "127.0.0.1" });
  return {
    gatehouse,
    url,
    signIns: () => gatehouse.upstream.requests("/auth"),
    refreshes: () => gatehouse.log.filter((line) => line.includes('"event":"token_refreshed"')).length,
    letAccessTokensExpire: () => gatehouse.clock.advance(3700),
    async stop() {
      await mcp.close();
      await gatehouse.stop();
    },
  };
}

import { isLoopbackUrl } from "../oauth/host.ts";

/**
 * For each known client how it is pointed at an MCP server, a line each.
 * @param name what the server shall be called there
 */
export function clientLines(name: string, url: string): string {
  const ways: [client: string, way: string][] = [
    ["Claude Code", `claude mcp add --transport http ${name} ${url}`],
    ...(isPublic(url)
      ? ([["claude.ai", `Settings, Connectors, Add custom connector: ${url}`]] satisfies [string, string][])
      : []),
    ["Cursor", `"mcpServers": { "${name}": { "url": "${url}" } } in .cursor/mcp.json`],
    ["VS Code", `"servers": { "${name}": { "type": "http", "url": "${url}" } } in .vscode/mcp.json`],
    ["Codex", `codex mcp add ${name} --url ${url}`],
    ["MCP Inspector", `npx @modelcontextprotocol/inspector --transport http --server-url ${url}`],
    ["mcp-remote", `npx mcp-remote ${url} (for applications that only start programs)`],
  ];
  return ways.map(([client, way]) => `  ${client.padEnd(13)}   ${way}`).join("\n");
}

/** Whether a service on the internet may reach it, as far as the address tells. */
function isPublic(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" && !isLoopbackUrl(new URL(url)) && hostname.includes(".");
}

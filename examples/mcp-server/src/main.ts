import { readFileSync } from "node:fs";
import { startExampleServer } from "./server.ts";

/** The example on its own. See README.md for where the values come from. */
const {
  ISSUER: issuer,
  RESOURCE: resource,
  CREDENTIAL_FILE: file = "",
  CREDENTIAL: credential = file && readFileSync(file, "utf8").trim(),
  PORT = "8081",
  HOST = "127.0.0.1",
} = process.env;
if (!issuer || !resource || !credential) {
  console.error("Set ISSUER, RESOURCE and CREDENTIAL: see examples/mcp-server/README.md.");
  process.exit(2);
}
try {
  const { url, close } = await startExampleServer({
    issuer,
    resource,
    credential,
    port: Number(PORT),
    host: HOST,
  });
  console.log(`MCP server ${resource}, listening on ${url}`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void close());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

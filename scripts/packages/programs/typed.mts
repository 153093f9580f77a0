import { createServer } from "node:http";
import {
  type AuthInfo,
  createGuard,
  type ProtectionOptions,
  protect,
  protectFastify,
  protectFetch,
  protectHono,
} from "@mcp-gatehouse/resource-server";
import { type PresentedToken, readBearer } from "@mcp-gatehouse/resource-server/parts";

const options: ProtectionOptions = {
  issuer: "https://login.example.com",
  resource: "https://notes.example.com/mcp",
  credential: "gatehouse_rs_…",
  requiredScopes: ["notes:read"],
};
const gate = protect(options);
createServer((request, response) => void gate(request, response, () => response.end()));

const handler: (request: Request) => Promise<Response> = protectFetch(
  options,
  async (_request, auth: AuthInfo) => Response.json({ scopes: auth.scopes }),
);
console.log(handler, createGuard(options), protectHono(options), protectFastify(options));
const presented: PresentedToken = readBearer(["Bearer alices"]);
console.log(presented.kind);

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import OAuth2Server, { type AuthorizationCode, type Client, type Token } from "@node-oauth/oauth2-server";
import { clientId, redirectUri, scope } from "./clients.ts";
import { fromArguments } from "./filling.ts";
import { challenge, secret } from "./secrets.ts";

const { port, filling } = fromArguments();
const client: Client = {
  id: clientId,
  redirectUris: [redirectUri],
  grants: ["authorization_code", "refresh_token"],
};
const scopes = scope.split(" ");
const tomorrow = new Date(Date.now() + 86_400_000);

const codes = new Map<string, AuthorizationCode>();
const accessTokens = new Map<string, Token>();
const refreshTokens = new Map<string, Token>();

for (let n = 0; n < filling.chains; n++) {
  refreshTokens.set(secret("refresh", n), {
    accessToken: secret("access", n),
    refreshToken: secret("refresh", n),
    refreshTokenExpiresAt: tomorrow,
    scope: scopes,
    client,
    user: { id: secret("refresh subject", n) },
  });
}
for (let n = 0; n < filling.codes; n++) {
  codes.set(secret("code", n), {
    authorizationCode: secret("code", n),
    expiresAt: tomorrow,
    redirectUri,
    scope: scopes,
    client,
    user: { id: secret("code subject", n) },
    codeChallenge: challenge(secret("verifier", n)),
    codeChallengeMethod: "S256",
  });
}

const oauth = new OAuth2Server({
  model: {
    getClient: async (id) => (id === clientId ? client : undefined),
    getAuthorizationCode: async (code) => codes.get(code),
    revokeAuthorizationCode: async (code) => codes.delete(code.authorizationCode),
    getAccessToken: async (token) => accessTokens.get(token),
    getRefreshToken: async (token) => refreshTokens.get(token),
    revokeToken: async (token) => refreshTokens.delete(token.refreshToken),
    async saveToken(issued, client, user) {
      const token = { ...issued, client, user };
      accessTokens.set(token.accessToken, token);
      refreshTokens.set(token.refreshToken, token);
      return token;
    },
  },
  requireClientAuthentication: { authorization_code: false, refresh_token: false },
});

createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => {
    text += chunk;
  });
  request.on("end", () => void answer(request, text, response));
}).listen(port, "127.0.0.1");

async function answer(asked: IncomingMessage, text: string, answering: ServerResponse): Promise<void> {
  const { method, headers } = asked;
  const body = Object.fromEntries(new URLSearchParams(text));
  const request = new OAuth2Server.Request({ method, headers, query: {}, body });
  const response = new OAuth2Server.Response();
  // It rejects when it refuses, with all there is to say about it in the response.
  await oauth.token(request, response).catch(() => {});
  const json = JSON.stringify(response.body);
  answering.writeHead(response.status, {
    ...response.headers,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(json),
  });
  answering.end(json);
}

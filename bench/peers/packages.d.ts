/*
 * The little that is used of the packages: the types of the bench are checked where they are not installed,
 * too.
 */

declare module "oidc-provider" {
  import type { RequestListener } from "node:http";

  export default class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    callback(): RequestListener;
  }
}

declare module "@node-oauth/oauth2-server" {
  export interface Client {
    readonly id: string;
    readonly redirectUris: readonly string[];
    readonly grants: readonly string[];
  }

  interface Issued {
    readonly accessToken: string;
    readonly refreshToken: string;
    readonly refreshTokenExpiresAt: Date;
    readonly scope: readonly string[];
  }

  interface User {
    readonly id: string;
  }

  export interface Token extends Issued {
    readonly client: Client;
    readonly user: User;
  }

  export interface AuthorizationCode {
    readonly authorizationCode: string;
    readonly expiresAt: Date;
    readonly redirectUri: string;
    readonly scope: readonly string[];
    readonly client: Client;
    readonly user: User;
    readonly codeChallenge: string;
    readonly codeChallengeMethod: "S256";
  }

  interface Model {
    getClient(id: string): Promise<Client | undefined>;
    getAuthorizationCode(code: string): Promise<AuthorizationCode | undefined>;
    revokeAuthorizationCode(code: AuthorizationCode): Promise<boolean>;
    getAccessToken(token: string): Promise<Token | undefined>;
    getRefreshToken(token: string): Promise<Token | undefined>;
    revokeToken(token: Token): Promise<boolean>;
    saveToken(issued: Issued, client: Client, user: User): Promise<Token>;
  }

  class Request {
    constructor(request: Readonly<Record<"method" | "headers" | "query" | "body", unknown>>);
  }

  class Response {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  }

  export default class OAuth2Server {
    static readonly Request: typeof Request;
    static readonly Response: typeof Response;
    constructor(options: {
      readonly model: Model;
      readonly requireClientAuthentication: Readonly<Record<string, boolean>>;
    });
    token(request: Request, response: Response): Promise<Token>;
  }
}

declare module "better-auth" {
  export interface Auth {
    readonly options: object;
    handler(request: globalThis.Request): Promise<globalThis.Response>;
  }

  export function betterAuth(options: Readonly<Record<string, unknown>>): Auth;
}

declare module "better-auth/node" {
  import type { RequestListener } from "node:http";
  import type { Auth } from "better-auth";

  export function toNodeHandler(auth: Auth): RequestListener;
}

declare module "better-auth/plugins/jwt" {
  export function jwt(): object;
}

declare module "better-auth/db/migration" {
  export function getMigrations(options: object): Promise<{ runMigrations(): Promise<void> }>;
}

declare module "@better-auth/oauth-provider" {
  export function oauthProvider(options: Readonly<Record<string, unknown>>): object;
}

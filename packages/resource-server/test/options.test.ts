import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import {
  createGuard,
  createVerifier,
  protect,
  protectFastify,
  protectFetch,
  protectHono,
} from "../src/index.ts";

const right = {
  issuer: "https://login.example.com",
  resource: "https://notes.example.com/mcp",
  credential: "gatehouse_rs_secret",
};
const refused = (options: object): Record<string, unknown> => ({ ...right, ...options });

/** Every way in, as a caller without a compiler has it. */
const functions: Readonly<Record<string, (options: never) => unknown>> = {
  protect,
  protectHono,
  protectFastify,
  createGuard,
  protectFetch: (options: never) => protectFetch(options, () => new Response()),
  createVerifier: (options: never) =>
    createVerifier(Object.assign(Object.create(options), { InvalidTokenError })),
};

for (const [name, call] of Object.entries(functions)) {
  test(`${name} refuses an option that there is none of, and names the nearest`, () => {
    for (const [option, nearest] of [
      ["Issuer", "issuer"],
      ["resouce", "resource"],
      ["introspection_endpoint", "introspectionEndpoint"],
      ["cacheSecond", "cacheSeconds"],
    ] as const) {
      assert.throws(
        () => call(refused({ [option]: "secret" }) as never),
        (error: unknown) => {
          assert.ok(error instanceof TypeError);
          assert.match(
            error.message,
            new RegExp(`there is no option ${option}; did you mean ${nearest}\\?$`),
          );
          assert.doesNotMatch(error.message, /secret/);
          return true;
        },
      );
    }
  });
}

test("Y-n14 a misspelt requiredScopes opens no door, however the options were made", () => {
  const inherited = Object.assign(Object.create({ requiredScope: ["notes:write"] }), right);
  const parsed = JSON.parse(JSON.stringify(right).replace("{", '{"__proto__":{"requiredScopes":["x"]},'));
  const hidden = Object.defineProperty({ ...right }, "required_scopes", { value: ["notes:write"] });
  for (const options of [
    refused({ requiredScope: ["notes:write"] }),
    refused({ required_scopes: ["notes:write"] }),
    refused({ requiredScope: undefined }),
    refused({ [Symbol("requiredScopes")]: ["notes:write"] }),
    inherited,
    parsed,
    hidden,
  ]) {
    assert.throws(() => protect(options as never), {
      name: "TypeError",
      message: /^protect\(\): there is no option /,
    });
  }
  assert.throws(() => protect(refused({ required_scopes: [] }) as never), /did you mean requiredScopes\?/);
  assert.equal(typeof protect(Object.create(right)), "function", "inherited options that there are");
});

test("an option of the wrong kind is refused at the start, nested ones too", () => {
  const wrong: [string, unknown][] = [
    ["requiredScopes", "notes:read"],
    ["requiredScopes", [["notes:read"]]],
    ["scopes", { "notes:read": "Read your notes" }],
    ["implies", ["notes:read"]],
    ["implies", { "notes:write": "notes:read" }],
    ["implies", { "notes:write": ["notes:read notes:list"] }],
    ["implies", { "notes write": ["notes:read"] }],
    ["resourceName", 7],
    ["authorizationServerMetadata", "true"],
    ["onFailure", "console.error"],
    ["clock", 1_800_000_000],
  ];
  for (const [option, value] of wrong) {
    assert.throws(() => protect(refused({ [option]: value }) as never), {
      name: "TypeError",
      message: new RegExp(`^protect\\(\\): ${option} must be `),
    });
  }
  assert.throws(() => protect(undefined as never), TypeError);
});

test("the verifier refuses what is the SDK's part, and a missing error class", () => {
  for (const option of ["requiredScopes", "scopes", "resourceName", "authorizationServerMetadata"]) {
    const options = { ...right, InvalidTokenError, [option]: undefined };
    assert.throws(() => createVerifier(options as never), /createVerifier\(\): \w+ is the SDK's part/);
  }
  assert.throws(() => createVerifier(right as never), /InvalidTokenError or OAuthError/);
});

test("scopes for one operation are words, and at least one", () => {
  for (const gate of [protect(right), protectHono(right), protectFastify(right)]) {
    for (const needed of [[], [["notes:write"]], [undefined], ["notes:read notes:write"]]) {
      assert.throws(() => gate.scopes(...(needed as string[])), TypeError);
    }
  }
  assert.throws(() => protectFetch(right, undefined as never), /handler/);
});

const { createServer } = require("node:http");

/** Protects a server and calls it: without a token, for the metadata that the refusal names, and with a good token. Prints what came. */
exports.tryOut = async function tryOut(protect) {
  const [, , issuer, credential] = process.argv;
  const gate = protect({
    issuer,
    credential,
    resource: "http://localhost:8081/mcp",
    requiredScopes: ["mcp"],
  });
  const server = createServer((request, response) =>
    gate(request, response, () => response.end(request.auth.extra.subject ?? request.auth.extra.sub)),
  );
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;

  const refused = await fetch(`${url}/mcp`, { method: "POST" });
  const named = /resource_metadata="([^"]+)"/.exec(refused.headers.get("www-authenticate"))[1];
  const metadata = await fetch(url + new URL(named).pathname);
  const accepted = await fetch(`${url}/mcp`, { method: "POST", headers: { authorization: "Bearer alices" } });
  const person = await accepted.text();
  const major = process.version.split(".")[0];
  console.log(major, refused.status, metadata.status, accepted.status, person);
  process.exit();
};

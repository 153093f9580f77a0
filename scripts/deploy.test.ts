import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { readConfig } from "../packages/gatehouse/src/config/config.ts";
import { variables } from "../packages/gatehouse/src/config/environment-variables.ts";
import { variableNames } from "../packages/gatehouse/src/config/sources.ts";

/* The files in deploy/, as far as they can be looked at without the engines that run them. */

const folder = join(import.meta.dirname, "../deploy");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const known = new Set([...variableNames, "NODE_ENV"]);
const secrets = Object.entries(variables).flatMap(([name, about]) => ("secret" in about ? [name] : []));

// biome-ignore lint/suspicious/noExplicitAny: foreign documents, whose every member a test names
type Document = any;

/** Every document of a file, in YAML 1.2; a repeated key, an unknown anchor or a warning fails. */
function documents(name: string): Document[] {
  return [...parseAllDocuments(read(name), { merge: true, strict: true, uniqueKeys: true })].map(
    (document) => {
      assert.deepEqual([...document.errors, ...document.warnings], [], name);
      return document.toJS();
    },
  );
}

const present = (command: string) => spawnSync(command, ["--version"]).error === undefined;

test("Y31 the image runs as a numeric user, in exec form, asks itself for its health, keeps to /data, and carries its labels", () => {
  const text = read("Dockerfile").replaceAll("\\\n", " ");
  const instructions = text.split("\n").filter((line) => /^[A-Z]+ /.test(line.trim()));
  const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith("FROM ")));
  const value = (name: string) =>
    last
      .findLast((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1)
      .trim() ?? "";
  assert.equal(value("USER"), "10001:10001");
  assert.equal(value("STOPSIGNAL"), "SIGTERM");
  assert.deepEqual(JSON.parse(value("VOLUME")), ["/data"]);
  assert.match(read("Dockerfile"), /^FROM node:\$\{NODE\}$/m);
  assert.match(read("Dockerfile"), /^ARG NODE=\d+-slim$/m);
  const program = ["node", "/app/node_modules/mcp-gatehouse/bin/gatehouse.js"];
  assert.deepEqual(JSON.parse(value("ENTRYPOINT")), program);
  assert.deepEqual(JSON.parse(value("CMD")), ["serve"]);
  const health = value("HEALTHCHECK");
  assert.deepEqual(JSON.parse(health.slice(health.indexOf("CMD") + 3)), [...program, "health"]);
  for (const file of ["Dockerfile", "example-server.Dockerfile"]) {
    const runs = read(file)
      .replaceAll("\\\n", " ")
      .matchAll(/^\s*(?:RUN|CMD|ENTRYPOINT) +(.*)$/gm);
    for (const [, command = ""] of runs) assert.ok(Array.isArray(JSON.parse(command)), `${file}: ${command}`);
    assert.doesNotMatch(read(file).replaceAll(/^#.*$/gm, ""), /curl|wget|\bsh\b|chmod 777|:latest/);
  }
  const settings = Object.fromEntries(
    value("ENV")
      .split(/\s+/)
      .map((pair) => pair.split("=") as [string, string]),
  );
  for (const name of Object.keys(settings)) assert.ok(known.has(name), name);
  assert.equal(value("EXPOSE"), settings.PORT);
  const given = {
    ...settings,
    BASE_URL: "https://login.example.com",
    OAUTH2_CLIENT_ID: "id",
    OAUTH2_CLIENT_SECRET: "s",
  };
  const { listen, storage } = readConfig(given, "serve");
  assert.deepEqual(listen, { host: "0.0.0.0", port: 8080 });
  assert.ok(storage.kind === "sqlite" && storage.path.startsWith("/data/"));
  for (const label of ["source", "version", "revision", "created", "licenses", "base.name", "base.digest"]) {
    assert.ok(value("LABEL").includes(`org.opencontainers.image.${label}=`), label);
  }
  const ignored = read("Dockerfile.dockerignore").split("\n");
  for (const each of [".git", "**/*.db", "**/*.key", "**/.env", "deploy/secrets"])
    assert.ok(ignored.includes(each), each);
});

test("Y32 the systemd unit is without a fault, hardened to 2.0 or less, restarts a crash and no wrong configuration, and holds no secret", (t) => {
  const unit = read("gatehouse.service");
  const lines = unit.split("\n").filter((line) => !line.startsWith("#"));
  const all = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  assert.deepEqual(all("Restart"), ["on-failure"]);
  assert.deepEqual(all("RestartPreventExitStatus"), ["2"]);
  assert.deepEqual(all("LoadCredential"), ["client-secret:/etc/gatehouse/client-secret"]);
  assert.deepEqual([all("MemoryDenyWriteExecute"), all("LimitNOFILE")], [[], []]);
  const settings: Record<string, string> = {};
  for (const line of all("Environment")) {
    for (const pair of line.split(" ")) {
      const [name = "", value = ""] = pair.split(/=(.*)/s);
      assert.ok(known.has(name), name);
      assert.ok(!secrets.includes(name), `${name} is a secret`);
      settings[name] = value;
    }
  }
  const { OAUTH2_CLIENT_SECRET_FILE: secretFile, ...others } = settings;
  assert.equal(secretFile, "%d/client-secret");
  const given = {
    ...others,
    BASE_URL: "https://login.example.com",
    OAUTH2_CLIENT_ID: "id",
    OAUTH2_CLIENT_SECRET: "s",
  };
  const { storage } = readConfig(given, "serve");
  assert.ok(storage.kind === "sqlite" && storage.path.startsWith("/var/lib/gatehouse/"));
  for (const name of unit.match(/(?<=\s)[A-Z0-9_]+(?==,)/g) ?? []) assert.ok(known.has(name), name);
  if (!present("systemd-analyze")) return t.skip("no systemd-analyze here");
  const path = join(folder, "gatehouse.service");
  const verified = spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
  assert.deepEqual([verified.status, verified.stdout, verified.stderr], [0, "", ""]);
  const scored = spawnSync("systemd-analyze", ["security", "--offline=true", path], { encoding: "utf8" });
  const score = Number(/exposure level for .*: ([\d.]+)/.exec(scored.stdout)?.[1]);
  assert.ok(score <= 2, `${score}`);
});

interface DeclaredInFile {
  readonly identifier: string;
  readonly credential: { readonly file: string };
}

/** What a container is told by its environment: names of ours, of secrets only the files. */
function areSettings(settings: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(settings)) {
    assert.ok(known.has(name), name);
    assert.ok(!secrets.includes(name), `${name} is a secret: a file`);
    assert.equal(typeof value, "string", name);
  }
}

test("Y33 compose and Kubernetes files name variables, ports and paths that exist, publish the proxy alone, and hold no secret", () => {
  const [compose] = documents("compose.yaml");
  const { gatehouse, postgres, caddy, notes } = compose.services;
  assert.deepEqual(Object.keys(compose.services).sort(), ["caddy", "gatehouse", "notes", "postgres"]);
  areSettings(gatehouse.environment);
  const published = Object.entries<Document>(compose.services).filter(([, { ports }]) => ports !== undefined);
  assert.deepEqual(
    published.map(([name]) => name),
    ["caddy"],
  );
  assert.deepEqual(gatehouse.expose, [variables.PORT.fallback]);
  for (const each of [gatehouse, caddy, notes]) {
    assert.equal(each.read_only, true);
    assert.deepEqual(each.cap_drop, ["ALL"]);
    assert.deepEqual(each.security_opt, ["no-new-privileges:true"]);
  }
  assert.deepEqual([gatehouse.user, notes.user], ["10001:10001", "10001:10001"]);
  assert.ok(Object.keys(postgres.environment).every((name) => name !== "POSTGRES_PASSWORD"));
  for (const [
    name,
    { secrets: used = [], environment = {}, volumes = [], networks = {} },
  ] of Object.entries<Document>(compose.services)) {
    for (const secret of used) assert.equal(compose.secrets[secret]?.file, `./secrets/${secret}`, name);
    for (const [variable, value] of Object.entries(environment)) {
      if (variable.endsWith("_FILE"))
        assert.ok(used.includes(String(value).replace("/run/secrets/", "")), variable);
    }
    for (const volume of volumes as string[]) {
      const [source = ""] = volume.split(":");
      if (source.startsWith("./")) assert.ok(readdirSync(folder).includes(source.slice(2)), source);
      else assert.ok(source in compose.volumes, source);
    }
    for (const network of Object.keys(networks)) assert.ok(network in compose.networks, network);
  }
  assert.equal(compose.networks.edge.ipam.config[0].subnet, "172.30.60.0/24");
  assert.equal(caddy.networks.edge.ipv4_address, gatehouse.environment.TRUSTED_PROXIES);
  for (const [, name, port] of read("Caddyfile").matchAll(/reverse_proxy (\w+):(\d+)/g)) {
    assert.deepEqual(compose.services[String(name)]?.expose, [port]);
  }
  const [{ resources: declared }] = documents("gatehouse.yaml");
  assert.ok(gatehouse.volumes.includes(`./gatehouse.yaml:${gatehouse.environment.GATEHOUSE_CONFIG}:ro`));
  for (const { identifier, credential } of declared as DeclaredInFile[]) {
    assert.equal(identifier, "https://notes.example.com/mcp");
    assert.equal(credential.file, notes.environment.CREDENTIAL_FILE);
    assert.ok(gatehouse.secrets.includes(credential.file.replace("/run/secrets/", "")));
  }
  const example = readFileSync(join(folder, "../examples/mcp-server/src/main.ts"), "utf8");
  for (const name of Object.keys(notes.environment)) assert.ok(example.includes(`${name}:`), name);
  const asked = [...read("compose.yaml").matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
  for (const name of asked) assert.match(read(".env.example"), new RegExp(`^${name}=`, "m"));

  const { resources, namespace } = documents("kubernetes/kustomization.yaml")[0];
  const files = readdirSync(join(folder, "kubernetes")).filter((name) => name !== "kustomization.yaml");
  assert.deepEqual([...resources].sort(), files.sort());
  const kinds = new Map<string, Document>();
  for (const file of files) for (const each of documents(`kubernetes/${file}`)) kinds.set(each.kind, each);
  assert.equal(kinds.get("Namespace").metadata.name, namespace);
  const { data } = kinds.get("ConfigMap");
  areSettings(data);
  const { spec } = kinds.get("Deployment");
  const pod = spec.template.spec;
  const [container, ...more] = pod.containers;
  assert.deepEqual([spec.replicas, more], [2, []]);
  assert.equal(pod.enableServiceLinks, false);
  assert.equal(pod.automountServiceAccountToken, false);
  assert.equal(pod.securityContext.runAsNonRoot, true);
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  assert.deepEqual(container.envFrom, [{ configMapRef: { name: kinds.get("ConfigMap").metadata.name } }]);
  const metricsPort = Number(data.METRICS_LISTEN.split(":").at(-1));
  assert.deepEqual(container.ports, [
    { name: "http", containerPort: Number(data.PORT) },
    { name: "metrics", containerPort: metricsPort },
  ]);
  const { ingress } = kinds.get("NetworkPolicy").spec;
  assert.deepEqual(
    ingress.map((each: Document) => each.ports),
    [[{ port: "http" }], [{ port: "metrics" }]],
  );
  const { startupProbe, livenessProbe, readinessProbe } = container;
  assert.deepEqual(startupProbe.httpGet, { path: "/healthz", port: "http" });
  assert.equal(startupProbe.periodSeconds * startupProbe.failureThreshold, 300);
  assert.deepEqual(livenessProbe.httpGet, { path: "/healthz", port: "http" });
  assert.deepEqual(readinessProbe.httpGet, { path: "/readyz", port: "http" });
  assert.equal(kinds.get("PodDisruptionBudget").spec.maxUnavailable, 1);
  const { labels } = spec.template.metadata;
  assert.deepEqual(spec.selector.matchLabels, labels);
  assert.deepEqual(kinds.get("PodDisruptionBudget").spec.selector.matchLabels, labels);
  assert.deepEqual(kinds.get("NetworkPolicy").spec.podSelector.matchLabels, labels);
  assert.deepEqual(kinds.get("Service").spec.selector, labels);
  assert.equal(kinds.get("Service").spec.ports[0].targetPort, "http");
  const [{ mountPath }] = container.volumeMounts;
  const [{ secret }] = pod.volumes;
  assert.deepEqual(secret, { secretName: "gatehouse", defaultMode: 0o440 });
  for (const [name, value] of Object.entries<string>(data)) {
    if (name.endsWith("_FILE")) assert.ok(value.startsWith(`${mountPath}/`), name);
  }
  // What is left of them is a configuration that starts.
  const inline = Object.entries<string>(data).filter(([name]) => !name.endsWith("_FILE"));
  const config = readConfig(
    {
      ...Object.fromEntries(inline),
      SQL_URL: "postgres://gatehouse@db/gatehouse",
      SECRET_KEY: "k".repeat(40),
      OAUTH2_CLIENT_SECRET: "s",
    },
    "serve",
  );
  assert.equal(config.listen.port, 8080);
});

test("the file for Traefik leads from a router to a service that is there, on the port Gatehouse listens on", () => {
  const [{ http }] = documents("traefik.yaml");
  const { gatehouse } = http.routers;
  const { servers, healthCheck } = http.services[gatehouse.service].loadBalancer;
  assert.deepEqual(servers, [{ url: `http://127.0.0.1:${variables.PORT.fallback}` }]);
  assert.equal(healthCheck.path, "/readyz");
  assert.match(gatehouse.rule, /^Host\(`login\.example\.com`\)$/);
});

test("kubectl builds the Kubernetes files into one list", (t) => {
  const built = spawnSync("kubectl", ["kustomize", join(folder, "kubernetes")], { encoding: "utf8" });
  if (built.error !== undefined) return t.skip("no kubectl here");
  assert.equal(built.status, 0, built.stderr);
  assert.equal(parseAllDocuments(built.stdout).length, 6);
});

test("docs/deploying.md or docs/operating.md names every file in deploy/", () => {
  const text = ["deploying", "operating"]
    .map((name) => readFileSync(join(folder, `../docs/${name}.md`), "utf8"))
    .join("");
  const files = readdirSync(folder).filter(
    (name) => ![".gitignore", "Dockerfile.dockerignore", "Caddyfile"].includes(name),
  );
  for (const name of files) assert.ok(text.includes(`deploy/${name}`), name);
});

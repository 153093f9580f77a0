import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { parse, stringify } from "yaml";
import { aDoor, aServerBehind } from "../packages/gatehouse/test/gateway/support/door.ts";
import { metricsUrlOf, seriesOf } from "../packages/gatehouse/test/telemetry/metrics.ts";

/* The files in deploy/monitoring/, held against what a server tells and, where it is, against promtool. */

const folder = join(import.meta.dirname, "../deploy/monitoring");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const temporary = mkdtempSync(join(tmpdir(), "gatehouse-alerts-"));
after(() => rmSync(temporary, { recursive: true, force: true }));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<"summary" | "description" | "docs" | "doctor", string>>;
}
interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}
const rules = (parse(read("alerts.yaml")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(read("dashboard.json")) as {
  panels: Panel[];
  templating: { list: { name: string; query: string }[] };
};

/** A server that has done a little of everything: every series, with its labels. */
let series: readonly { readonly name: string; readonly labels: ReadonlyMap<string, string> }[];

before(async (t) => {
  const test = t as TestContext;
  const behind = await aServerBehind(test, ({ body }, response) => {
    const { id } = JSON.parse(body) as { id: number };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id, result: { content: [] } }));
  });
  const stdio = "  - name: files\n    path: /files\n    command: [node, --version]\n";
  const door = await aDoor(test, behind.url, stdio, {
    METRICS_LISTEN: "127.0.0.1:0",
    AUDIT_SYSLOG: "tcp://127.0.0.1:9", // where nobody is
    SQL_URL: `sqlite:${join(temporary, "gatehouse.db")}`,
  });
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "add", arguments: {} } };
  assert.equal((await door.call({ body: JSON.stringify(call) })).status, 200);
  const scrape = async () => seriesOf(await (await fetch(metricsUrlOf(door.server))).text());
  let found = await scrape();
  // A second after the start grants and people are counted.
  while (!found.has("gatehouse_live_grants")) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    found = await scrape();
  }
  series = [...found.keys()].map((text) => {
    const [, name = "", labels = ""] = /^(\w+)(?:\{(.*)\})?$/.exec(text) ?? [];
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)];
    return { name, labels: new Map(pairs.map(([, label = "", value = ""]) => [label, value])) };
  });
});

/** What Prometheus adds itself. */
const added = new Set(["instance", "job"]);

/** Each metric of an expression with what is asked of its labels, and the labels it groups by. */
function namesIn(expression: string) {
  const selectors = [...expression.matchAll(/\b(gatehouse_\w+)(?:\{([^}]*)\})?/g)].map(
    ([, name = "", matchers = ""]) => ({
      name,
      matchers: [...matchers.matchAll(/(\w+)(=~|!=|=)"([^"]*)"/g)].map(
        ([, label = "", operator, value = ""]) => ({
          label,
          values: operator === "=~" ? value.split("|") : [value],
        }),
      ),
    }),
  );
  const groupings = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) =>
    list.split(",").map((label) => label.trim()),
  );
  return { selectors, groupings };
}

function isInScrape(expression: string, where: string): void {
  const { selectors, groupings } = namesIn(expression);
  assert.ok(selectors.length > 0 || /\bup\b/.test(expression), `${where} looks at nothing`);
  for (const { name, matchers } of selectors) {
    const own = series.filter((each) => each.name === name);
    assert.ok(own.length > 0, `${where}: there is no ${name}`);
    for (const { label, values } of matchers) {
      if (added.has(label)) continue;
      for (const value of values)
        assert.ok(
          own.some(({ labels }) => labels.get(label) === value),
          `${where}: ${name} has no ${label}="${value}"`,
        );
    }
    for (const label of groupings) {
      assert.ok(
        added.has(label) || own.some(({ labels }) => labels.has(label)),
        `${where}: ${name} by ${label}`,
      );
    }
  }
}

function allAreTold(): void {
  for (const { alert, expr } of rules) isInScrape(expr, alert);
  const panels = dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({ title, expr })),
  );
  assert.ok(panels.length >= 20);
  for (const { title, expr } of panels) isInScrape(expr, title);
  assert.throws(() => isInScrape('gatehouse_events_total{event="sing_in"}', "a slip"), /no event="sing_in"/);
  assert.throws(() => isInScrape("sum by (client) (gatehouse_people)", "a slip"), /by client/);
}

/** The ids of the checks, each a row of the page. */
const doctorChecks = new Set(
  [...readFileSync(join(folder, "../../docs/doctor.md"), "utf8").matchAll(/^\| `([a-z.]+)` \|/gm)].map(
    ([, id = ""]) => id,
  ),
);

function allAreExplained(): void {
  for (const { alert, labels, annotations } of rules) {
    assert.match(alert, /^Gatehouse[A-Z]/);
    assert.match(labels.severity, /^(?:page|ticket)$/, alert);
    assert.ok(annotations.summary && annotations.description, alert);
    assert.ok(doctorChecks.has(annotations.doctor), `${alert}: ${annotations.doctor}`);
    const [path = "", anchor] = annotations.docs.split("#");
    const page = join(folder, "../..", path);
    assert.ok(existsSync(page), `${alert}: ${path}`);
    if (anchor === undefined) continue;
    const headings = readFileSync(page, "utf8").matchAll(/^#+ (.*)$/gm);
    const anchors = [...headings].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, "")
        .replaceAll(" ", "-"),
    );
    assert.ok(anchors.includes(anchor), `${alert}: ${annotations.docs}`);
  }
}

/**
 * The faults, as promtool writes series: a value, and what is added each minute for so many minutes; `*`
 * stands for any label.
 */
const faults: Record<string, Readonly<Record<string, string>>> = {
  GatehouseDown: { up: "0x60" },
  GatehouseNotReady: { 'gatehouse_events_total{event="not_ready"}': "1x60" },
  GatehouseErrors: { 'gatehouse_http_requests_total{endpoint="/token",outcome="server_error"}': "0+60x60" },
  GatehouseSlow: Object.fromEntries(
    ["0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1"].map((le) => [
      `gatehouse_http_request_duration_seconds_bucket{endpoint="/token",le="${le}"}`,
      "0+50x60",
    ]),
  ),
  GatehouseSignInsFail: {
    'gatehouse_sign_ins_total{provider="default",outcome="temporarily_unavailable"}': "0+2x60",
    'gatehouse_sign_ins_total{provider="default",outcome="ok"}': "0x60",
  },
  GatehouseProviderSlow: { 'gatehouse_provider_duration_seconds_sum{provider="default"}': "0+400x60" },
  GatehouseStoreSlow: { 'gatehouse_store_operation_duration_seconds_bucket{operation="*",le="0.1"}': "0x60" },
  GatehouseEventLoopBlocked: { 'gatehouse_event_loop_delay_seconds{quantile="0.99"}': "0.4x60" },
  GatehouseDiskNearlyFull: { gatehouse_disk_free_bytes: "4e8x60" },
  GatehouseRefreshReuse: { 'gatehouse_events_total{event="refresh_reused"}': "0+1x60" },
  GatehouseGuessing: { 'gatehouse_events_total{event="introspection_refused"}': "0+5x60" },
  GatehouseLimitsReached: { 'gatehouse_limits_reached_total{budget="token"}': "0+20x60" },
  GatehouseToolCallsFail: {
    'gatehouse_tool_calls_total{server="notes",tool="other",outcome="error"}': "0+60x60",
  },
  GatehouseCopiedPasskey: { 'gatehouse_events_total{event="passkey_counter"}': "0x40 1x20" },
  GatehouseAuditWaits: { gatehouse_audit_waiting: "0x30 500x30" },
  GatehouseAuditLost: { gatehouse_audit_lost_total: "0x40 1x20" },
  GatehouseAuditSinkBehind: { 'gatehouse_audit_sink_waiting{sink="syslog"}': "0+100x60" },
  GatehouseAuditSinkDrops: { 'gatehouse_audit_sink_dropped_total{sink="syslog"}': "0x40 7x20" },
  GatehouseTraceStepsLost: { gatehouse_trace_steps_lost_total: "0x40 3x20" },
};

/** An hour of quiet load: what ends well goes on a hundred times a minute, all of it quickly. */
function quietValue(name: string, labels: ReadonlyMap<string, string>): string {
  if (name === "gatehouse_disk_free_bytes") return "5e10x60";
  if (/_bucket$|_count$/.test(name)) return "0+100x60";
  if (/_sum$/.test(name)) return "0+2x60";
  if (/_total$/.test(name)) {
    const isGood =
      labels.get("outcome") === "ok" ||
      /^(?:sign_in|consent_approved|code_redeemed|token_refreshed|tool_called)$/.test(
        labels.get("event") ?? "",
      ) ||
      labels.has("page");
    return isGood ? "0+100x60" : "0x60";
  }
  return "0x60";
}

test("Z28 what alerts and dashboard name is told by a server that runs, each alert names its check and its page, fires at its fault and is silent in quiet", async (t) => {
  allAreTold();
  allAreExplained();
  assert.deepEqual(Object.keys(faults).sort(), rules.map(({ alert }) => alert).sort());
  const skip =
    spawnSync("promtool", ["--version"]).status !== 0 && "no promtool here: it comes with Prometheus";
  await t.test(
    "each alert fires at its fault, alone, and none in an hour of quiet load",
    { skip },
    fireAlone,
  );
});

function fireAlone(): void {
  const used = new Set(rules.flatMap(({ expr }) => namesIn(expr).selectors.map(({ name }) => name)));
  const told = [{ name: "up", labels: new Map<string, string>() }, ...series]
    .filter(({ name }) => name === "up" || used.has(name))
    .map(({ name, labels }) => {
      const own = [...labels].map(([label, value]) => `${label}="${value}"`);
      return {
        short: own.length === 0 ? name : `${name}{${own.join(",")}}`,
        series: `${name}{${['instance="a:9464"', 'job="gatehouse"', ...own].join(",")}}`,
        values: name === "up" ? "1x60" : quietValue(name, labels),
      };
    });
  const staged = (changed: Readonly<Record<string, string>>) => {
    const values = new Map(told.map((each) => [each.series, each.values]));
    for (const [pattern, changedValues] of Object.entries(changed)) {
      const [start = "", end = ""] = pattern.split("*");
      const meant = told.filter(({ short }) =>
        pattern.includes("*") ? short.startsWith(start) && short.endsWith(end) : short === pattern,
      );
      assert.ok(meant.length > 0, pattern);
      for (const { series } of meant) values.set(series, changedValues);
    }
    return [...values].map(([series, values]) => ({ series, values }));
  };
  const firing = 'count by (alertname) (ALERTS{alertstate="firing"})';
  const of = (alerts: readonly string[]) =>
    alerts.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 }));
  const expect = (minutes: number, alerts: readonly string[]) => ({
    expr: firing,
    eval_time: `${minutes}m`,
    exp_samples: of(alerts),
  });
  writeFileSync(
    join(temporary, "alerts.test.yaml"),
    stringify({
      rule_files: [join(folder, "alerts.yaml")],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          name: "quiet",
          input_series: staged({}),
          promql_expr_test: [1, 5, 10, 15, 20, 30, 45, 60].map((minutes) => expect(minutes, [])),
        },
        ...Object.entries(faults).map(([alert, changed]) => ({
          interval: "1m",
          name: alert,
          input_series: staged(changed),
          promql_expr_test: [expect(50, [alert])],
        })),
      ],
    }),
  );
  for (const args of [
    ["check", "config", join(folder, "prometheus.yaml")],
    ["test", "rules", join(temporary, "alerts.test.yaml")],
  ]) {
    const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  }
}

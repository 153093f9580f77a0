import assert from "node:assert/strict";
import { test } from "node:test";
import { readOpenTelemetry } from "../../src/config/open-telemetry.ts";

const base = "http://collector:4318";

test("nothing is sent where no endpoint is named, an exporter is none, or the SDK is disabled", () => {
  for (const environment of [
    {},
    { OTEL_SERVICE_NAME: "door", OTEL_TRACES_SAMPLER: "nonsense" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "  " },
    { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_SDK_DISABLED: "True" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_TRACES_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" },
  ]) {
    const { traces, logs, warnings } = readOpenTelemetry(environment);
    assert.deepEqual([traces, logs, warnings], [undefined, undefined, []], JSON.stringify(environment));
  }
});

test("the endpoint of all is a base, that of one kind is taken as it is, and so are its other settings", () => {
  const { traces, logs, warnings } = readOpenTelemetry({
    OTEL_EXPORTER_OTLP_ENDPOINT: `${base}/otlp/`,
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://logs.example.com/in",
    OTEL_EXPORTER_OTLP_HEADERS: "a=1, b=x%3Dy",
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: "c=3",
    OTEL_EXPORTER_OTLP_TIMEOUT: "3000",
    OTEL_EXPORTER_OTLP_LOGS_COMPRESSION: "gzip",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
  });
  assert.deepEqual(traces, {
    url: `${base}/otlp/v1/traces`,
    headers: { a: "1", b: "x=y" },
    timeoutMs: 3000,
    gzip: false,
    sampler: { isParentBased: false, ratio: 0.25 },
  });
  assert.deepEqual(logs, {
    url: "https://logs.example.com/in",
    headers: { c: "3" },
    timeoutMs: 3000,
    gzip: true,
  });
  assert.deepEqual(warnings, []);
});

test("what is wrong or not there is ignored with a warning that shows no header's value", () => {
  const { traces, logs, resource, warnings } = readOpenTelemetry({
    OTEL_EXPORTER_OTLP_ENDPOINT: base,
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://user:hunter2@logs.example.com",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=hunter2%0d%0ax: y",
    OTEL_EXPORTER_OTLP_TIMEOUT: "soon",
    OTEL_EXPORTER_OTLP_COMPRESSION: "zstd",
    OTEL_EXPORTER_OTLP_CERTIFICATE: "/etc/ca.pem",
    OTEL_TRACES_EXPORTER: "jaeger",
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "2",
    OTEL_RESOURCE_ATTRIBUTES: "a=%E0%A4%A",
    OTEL_SERVICE_NAME: "door",
  });
  assert.deepEqual(traces, {
    url: `${base}/v1/traces`,
    headers: {},
    timeoutMs: 10_000,
    gzip: false,
    sampler: { isParentBased: true, ratio: 1 },
  });
  assert.equal(logs, undefined);
  assert.deepEqual(resource, { "service.name": "door" });
  assert.doesNotMatch(warnings.join("\n"), /hunter2/);
  for (const named of [
    "OTEL_TRACES_EXPORTER=jaeger",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf is ignored: what is sent is http/json",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_CERTIFICATE is not read; CA_FILE",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_RESOURCE_ATTRIBUTES",
  ]) {
    assert.ok(
      warnings.some((warning) => warning.startsWith(named)),
      named,
    );
  }
});

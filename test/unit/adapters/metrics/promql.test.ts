import { expect, it } from "vitest";
import { selector } from "../../../../src/lib/promql/selector.ts";

it.each([
  ["a plain one", "http_requests_total", [{ label: "app", value: "atp" }], 'http_requests_total{app="atp"}'],
  ["no matchers", "up", [], "up{}"],
  [
    "a value that tries to leave its quotes",
    "m",
    [{ label: "app", value: 'x"} or up{a="' }],
    'm{app="x\\"} or up{a=\\""}',
  ],
  ["a backslash and a line break", "m", [{ label: "app", value: "a\\b\nc" }], 'm{app="a\\\\b\\nc"}'],
  [
    "literal values in a regular expression",
    "m",
    [{ label: "version", value: { oneOf: ["1.2.4", "a|b", "+Inf"] } }],
    'm{version=~"1\\\\.2\\\\.4|a\\\\|b|\\\\+Inf"}',
  ],
  [
    "a metric name of Prometheus 3",
    "http.requests",
    [{ label: "k8s.pod", value: "x" }],
    '{"http.requests","k8s.pod"="x"}',
  ],
  ["a name that tries to be more", "m or up", [], '{"m or up"}'],
])("writes %s", (_, metric, matchers, expected) => {
  expect(selector(metric, matchers)).toBe(expected);
});

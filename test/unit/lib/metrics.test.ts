import { describe, expect, it } from "vitest";
import { otlpMetrics } from "../../../src/lib/metrics/otlp.ts";
import { prometheusText } from "../../../src/lib/metrics/prometheus-text.ts";
import type { MetricFamily } from "../../../src/types/own-metrics.ts";

const families: readonly MetricFamily[] = [
  {
    name: "rollouts_exposure_percent",
    type: "gauge",
    unit: "%",
    help: "A back\\slash,\na line.",
    samples: [
      { labels: { to: 'a "b"\\\n', from: "1" }, value: 0.5 },
      { labels: {}, value: Number.POSITIVE_INFINITY },
    ],
  },
  {
    name: "rollouts_ended_total",
    type: "counter",
    help: "Ended.",
    samples: [{ labels: { outcome: "x" }, value: 3 }],
  },
];

describe("Prometheus' text format", () => {
  it("escapes what it has to, labels by name, a line feed at the end", () => {
    expect(prometheusText(families)).toBe(
      [
        String.raw`# HELP rollouts_exposure_percent A back\\slash,\na line.`,
        "# TYPE rollouts_exposure_percent gauge",
        String.raw`rollouts_exposure_percent{from="1",to="a \"b\"\\\n"} 0.5`,
        "rollouts_exposure_percent +Inf",
        "# HELP rollouts_ended_total Ended.",
        "# TYPE rollouts_ended_total counter",
        'rollouts_ended_total{outcome="x"} 3',
        "",
      ].join("\n"),
    );
  });
});

describe("OTLP in JSON", () => {
  it("is an ExportMetricsServiceRequest: camel case, 64-bit integers as texts, enums as numbers", () => {
    const options = {
      resource: { "service.name": "pulumi-rollouts" },
      startMs: 1000,
      nowMs: 1_700_000_000_123,
    };
    expect(otlpMetrics(families, { ...options, version: "1.0.0" })).toEqual({
      resourceMetrics: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "pulumi-rollouts" } }] },
          scopeMetrics: [
            {
              scope: { name: "pulumi-rollouts", version: "1.0.0" },
              metrics: [
                {
                  name: "rollouts_exposure_percent",
                  description: "A back\\slash,\na line.",
                  unit: "%",
                  gauge: {
                    dataPoints: [
                      {
                        attributes: [
                          { key: "to", value: { stringValue: 'a "b"\\\n' } },
                          { key: "from", value: { stringValue: "1" } },
                        ],
                        timeUnixNano: "1700000000123000000",
                        asDouble: 0.5,
                      },
                      { attributes: [], timeUnixNano: "1700000000123000000", asDouble: "Infinity" },
                    ],
                  },
                },
                {
                  name: "rollouts_ended_total",
                  description: "Ended.",
                  sum: {
                    dataPoints: [
                      {
                        attributes: [{ key: "outcome", value: { stringValue: "x" } }],
                        startTimeUnixNano: "1000000000",
                        timeUnixNano: "1700000000123000000",
                        asDouble: 3,
                      },
                    ],
                    aggregationTemporality: 2,
                    isMonotonic: true,
                  },
                },
              ],
            },
          ],
        },
      ],
    });
  });
});

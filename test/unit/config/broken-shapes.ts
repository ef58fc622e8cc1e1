import type { BrokenConfig } from "./broken-config.ts";
import { sandboxConfig } from "./valid-config.ts";

/** Configs whose keys or values are wrong: names, types, ranges. */
export const brokenShapes: readonly BrokenConfig[] = [
  {
    name: "nothing at all",
    why: "the stack file has no rollout yet",
    written: undefined,
    expected: [{ path: "rollout", rule: "required: the rollout config", hint: "Pulumi.prod.yaml" }],
  },
  {
    name: "a quoted JSON text",
    why: "it was set with pulumi config set, without --path",
    written: '{"preset":"production"}',
    expected: [
      {
        path: "rollout",
        received: "preset",
        rule: "an object with the keys preset",
        hint: "not as a quoted JSON text",
      },
    ],
  },
  {
    name: "encrypted as a whole",
    why: "--secret without --path hides everything from plan",
    written: { secure: "v1:abc" },
    expected: [{ path: "rollout", received: '"[secret]"', rule: "in plain text", hint: "--secret --path" }],
  },
  {
    name: "an empty object",
    why: "both required keys are named at once",
    written: {},
    expected: [
      {
        path: "rollout.preset",
        rule: "required: one of development, test, staging",
        hint: "preset: production",
      },
      { path: "rollout.service", rule: "required: a DNS label", hint: "atp-ingestion" },
    ],
  },
  {
    name: "misspelt keys on three levels",
    why: "a silent typo would watch with the wrong number",
    written: {
      ...sandboxConfig,
      sok: "15m",
      gates: { minRequest: 50, p95: { limt: "800ms" } },
      increments: [{ exposure: 5, soack: "20m" }, 100],
    },
    expected: [
      {
        path: "rollout.sok",
        received: '"15m"',
        rule: "a known key: preset, service",
        hint: "Did you mean soak?",
      },
      {
        path: "rollout.gates.p95.limt",
        received: '"800ms"',
        rule: "limit, for",
        hint: "Did you mean limit?",
      },
      {
        path: "rollout.gates.minRequest",
        received: "50",
        rule: "errorRate, p95",
        hint: "Did you mean minRequests?",
      },
      {
        path: "rollout.increments[0].soack",
        received: '"20m"',
        rule: "exposure, soak",
        hint: "Did you mean soak?",
      },
    ],
  },
  {
    name: "keys in the wrong section",
    why: "people forget the section sooner than the name",
    written: { ...sandboxConfig, minRequests: 50, gates: { soak: "15m" }, colour: "blue" },
    expected: [
      { path: "rollout.minRequests", received: "50", rule: "a known key", hint: "rollout.gates.minRequests" },
      { path: "rollout.gates.soak", received: '"15m"', rule: "a known key", hint: "rollout.soak" },
      { path: "rollout.colour", received: '"[secret]"', rule: "a known key", hint: "nothing reads it" },
    ],
  },
  {
    name: "an unknown preset, strategy and service name",
    why: "a near word is offered where there is one",
    written: { ...sandboxConfig, preset: "prodution", service: "ATP_Ingestion", strategy: "shadow" },
    expected: [
      {
        path: "rollout.preset",
        received: '"prodution"',
        rule: "one of development",
        hint: "Did you mean production?",
      },
      { path: "rollout.service", received: '"ATP_Ingestion"', rule: "a DNS label", hint: "atp-ingestion" },
      { path: "rollout.strategy", received: '"shadow"', rule: "one of canary, direct", hint: "Leave it out" },
    ],
  },
  {
    name: "a service name that leaves no room for -canary",
    why: "<service>-canary must be a DNS label of 63 too",
    written: { ...sandboxConfig, service: "a".repeat(57) },
    expected: [
      { path: "rollout.service", received: "aaa", rule: "at most 56 characters", hint: "atp-ingestion" },
    ],
  },
  {
    name: "durations without units, or with loose ones",
    why: "15 may be seconds or minutes",
    written: {
      ...sandboxConfig,
      soak: 15,
      drain: "30 sec",
      gates: { p95: 1000 },
      timeouts: { rollout: "10 Minutes" },
    },
    expected: [
      { path: "rollout.soak", received: "15", rule: "a duration from 0s to 168h", hint: '"15s" or "15m"' },
      { path: "rollout.drain", received: '"30 sec"', rule: "a duration from 0s to 1h", hint: 'Write "30s".' },
      {
        path: "rollout.gates.p95",
        received: "1000",
        rule: "a duration from 1ms to 1h",
        hint: '"1000ms" or "1000s"',
      },
      {
        path: "rollout.timeouts.rollout",
        received: '"10 Minutes"',
        rule: "a duration from 1s to 24h",
        hint: 'Write "10m".',
      },
    ],
  },
  {
    name: "durations out of range",
    why: "looks are 1 s to 5 min; a fraction of a second is no soak",
    written: {
      ...sandboxConfig,
      look: "6m",
      soak: "900500ms",
      gates: { health: { timeout: "2m", tries: 0 } },
    },
    expected: [
      { path: "rollout.look", received: '"6m"', rule: "from 1s to 5m", hint: '"10s"' },
      { path: "rollout.soak", received: '"900500ms"', rule: "in whole seconds", hint: "unit" },
      {
        path: "rollout.gates.health.tries",
        received: "0",
        rule: "a whole number from 1 to 10",
        hint: "without quotes",
      },
      { path: "rollout.gates.health.timeout", received: '"2m"', rule: "from 1s to 1m", hint: '"5s"' },
    ],
  },
  {
    name: "shares without a sign, of nothing, of more than all",
    why: "the guide writes 1 % as 0.01; a limit of 0 % would revert on any error",
    written: { ...sandboxConfig, gates: { errorRate: 0.01 } },
    expected: [{ path: "rollout.gates.errorRate", received: "0.01", rule: "a share above 0%", hint: '"1%"' }],
  },
  {
    name: "a share of 0 %",
    why: "any error would revert: say it by the gate that means it",
    written: { ...sandboxConfig, gates: { errorRate: { limit: "0%" } } },
    expected: [
      { path: "rollout.gates.errorRate.limit", received: '"0%"', rule: "a share above 0%", hint: '"1%"' },
    ],
  },
  {
    name: "minRequests 0",
    why: "silence would pass as health",
    written: { ...sandboxConfig, gates: { minRequests: 0, errorRate: "101%" } },
    expected: [
      { path: "rollout.gates.errorRate", received: '"101%"', rule: "up to 100%", hint: '"1%"' },
      { path: "rollout.gates.minRequests", received: "0", rule: "a whole number from 1", hint: "silence" },
    ],
  },
];

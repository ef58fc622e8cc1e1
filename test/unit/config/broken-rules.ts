import type { BrokenConfig } from "./broken-config.ts";
import { sandboxConfig, validConfig } from "./valid-config.ts";

/** Configs whose sources and strategies are right one by one and wrong together. */
export const brokenRules: readonly BrokenConfig[] = [
  {
    name: "windows that never are",
    why: "a closed window with a typo would close nothing, or everything",
    written: {
      ...sandboxConfig,
      windows: {
        rules: [{ from: "Fri 25:00", to: "Mon 08:00", reason: "weekend" }],
        freezes: [{ from: "2027-01-03", to: "2026-12-20", reason: "year end" }],
      },
    },
    expected: [
      {
        path: "rollout.windows.rules[0].from",
        received: '"Fri 25:00"',
        rule: "a moment of the week",
        hint: "Fri 16:00",
      },
      { path: "rollout.windows.freezes[0]", received: "2027-01-03", rule: "an end after", hint: "Swap" },
    ],
  },
  {
    name: "a zone that nobody knows",
    why: "Friday evening is another one elsewhere",
    written: { ...sandboxConfig, windows: { zone: "Europe/Atlantis" } },
    expected: [
      {
        path: "rollout.windows.zone",
        received: '"Europe/Atlantis"',
        rule: "an IANA time zone",
        hint: "Europe/Berlin",
      },
    ],
  },
  {
    name: "signed files without a key, and a reason without a strategy",
    why: "no signature could ever count; the reason would explain nothing",
    written: {
      ...sandboxConfig,
      approvals: { sources: [{ kind: "signed-files", dir: "approvals" }] },
      strategyReason: "schema unchanged",
    },
    expected: [
      { path: "rollout.approvals.keys", rule: "required: at least one key", hint: "ssh-ed25519" },
      {
        path: "rollout.strategyReason",
        received: "schema unchanged",
        rule: "only beside a strategy",
        hint: "remove the reason",
      },
    ],
  },
  {
    name: "production without any source",
    why: "a gate without data holds for ever, and a canary without a lever can't be taken back fast",
    written: { preset: "production", service: "atp-ingestion" },
    expected: [
      { path: "rollout.metrics", rule: "required: a source of metrics", hint: "kind: prometheus" },
      { path: "rollout.health", rule: "required: health URLs", hint: "kind: http" },
      { path: "rollout.lever", rule: "required: a lever", hint: "kind: http-route" },
    ],
  },
  {
    name: "one cohort, one health URL for both sides",
    why: "stable would be judged as the candidate",
    written: {
      ...validConfig,
      metrics: { ...validConfig.metrics, cohort: { stable: "v1", candidate: "v1" } },
      health: {
        kind: "http",
        candidate: ["http://a/health", "http://both/health"],
        stable: ["http://both/health"],
      },
    },
    expected: [
      {
        path: "rollout.metrics.cohort.candidate",
        received: '"v1"',
        rule: "another value than metrics.cohort.stable",
        hint: "canary",
      },
      {
        path: "rollout.health.candidate[1]",
        received: "both",
        rule: "not among health.stable",
        hint: "its own Service",
      },
    ],
  },
  {
    name: "increments for a strategy that has none",
    why: "a hotfix is direct: the increments would be ignored",
    written: { ...sandboxConfig, preset: "hotfix", increments: [5, 100] },
    expected: [
      {
        path: "rollout.increments",
        received: "[5,100]",
        rule: "[100] for the strategy direct (from preset hotfix)",
        hint: "strategy: canary",
      },
    ],
  },
  {
    name: "real traffic judged by simulated numbers",
    why: "the sandbox always has good news",
    written: { ...validConfig, metrics: { kind: "sandbox" }, health: { kind: "sandbox" } },
    expected: [
      {
        path: "rollout.metrics.kind",
        received: '"sandbox"',
        rule: "a real source beside the lever http-route",
        hint: "rehearsal",
      },
      {
        path: "rollout.health.kind",
        received: '"sandbox"',
        rule: "a real source beside the lever http-route",
        hint: "rehearsal",
      },
    ],
  },
  {
    name: "shape, order and rules at once",
    why: "all of it in one answer, whatever the layer that finds it",
    written: {
      preset: "production",
      service: "Ingestion",
      increments: [50, 20, 100],
      look: "1 min",
      gates: { p95: { for: "20m" }, wndow: "1m" },
      approvals: -1,
    },
    expected: [
      { path: "rollout.service", received: '"Ingestion"', rule: "a DNS label", hint: "atp-ingestion" },
      {
        path: "rollout.increments[1]",
        received: "20",
        rule: "more than the increment before it, 50",
        hint: "ascend",
      },
      { path: "rollout.look", received: '"1 min"', rule: "a duration from 1s to 5m", hint: 'Write "1m".' },
      { path: "rollout.gates.wndow", received: '"1m"', rule: "a known key", hint: "Did you mean window?" },
      {
        path: "rollout.approvals",
        received: "-1",
        rule: "a whole number from 0 to 20",
        hint: "without quotes",
      },
      { path: "rollout.soak", rule: "a soak (here 15m) of at least 20m", hint: "gates.p95.for" },
      { path: "rollout.metrics", rule: "required: a source of metrics", hint: "kind: prometheus" },
      { path: "rollout.health", rule: "required: health URLs", hint: "kind: http" },
      { path: "rollout.lever", rule: "required: a lever", hint: "kind: http-route" },
    ],
  },
];

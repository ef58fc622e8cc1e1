import { unwatched } from "../../support/builders.ts";

/** A production config without a fault, for tests that break one thing of it. */
export const validConfig = {
  preset: "production",
  service: "atp-ingestion",
  metrics: {
    kind: "prometheus",
    url: "http://prometheus:9090",
    cohort: { stable: "stable", candidate: "canary" },
  },
  health: {
    kind: "http",
    candidate: ["http://atp-ingestion-canary/health"],
    stable: ["http://atp-ingestion/health"],
  },
  lever: { kind: "http-route", namespace: "atp-prod" },
  watch: unwatched,
} as const;

/** The same with the sandbox behind every port. */
export const sandboxConfig = {
  preset: "production",
  service: "atp-ingestion",
  metrics: { kind: "sandbox" },
  health: { kind: "sandbox" },
  lever: { kind: "sandbox" },
} as const;

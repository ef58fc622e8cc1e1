import type { RolloutMessage } from "../../src/types/message.ts";

/** A message of a way back, with every member. */
export function aMessage(overrides: Partial<RolloutMessage> = {}): RolloutMessage {
  return {
    schemaVersion: 1,
    id: "1.2.5-abc/17",
    rolloutId: "1.2.5-abc",
    at: "2026-01-15T19:12:00.000Z",
    atText: "2:12 PM EST",
    phase: "rolling-back",
    kind: "revert",
    severity: "error",
    title: "ROLLBACK IN PROGRESS: atp-ingestion 1.2.4 → 1.2.5",
    text: "At 20: canary 31 of 1000 requests failed (3.10 %) in 60 s, limit 1 %. All traffic goes back to 1.2.4.",
    status: "Rolling back",
    stack: "prod",
    service: "atp-ingestion",
    environment: "production",
    versions: { from: "1.2.4", to: "1.2.5", fromBuild: "1.2.4+aaaa", toBuild: "1.2.5+bbbb" },
    change: "bug-fix: SHA-512",
    strategy: "Canary 5 → 20 → 50 → 100 %",
    duration: "1 h 1 min (15 min a step)",
    rollbackPlan: ["Automatic, traffic first, then the stack, on any of these", "error rate > 1 % for 2 min"],
    communication: {
      onCall: { primary: "@alice", secondary: "@bob" },
      zone: "America/New_York",
      dashboards: [{ name: "Application Insights", url: "https://portal.example/atp?a=1&b=2" }],
      rca: "the next working day at 16:00",
    },
    links: [{ name: "Application Insights", url: "https://portal.example/atp?a=1&b=2" }],
    step: "20",
    exposure: 20,
    reason: "canary 31 of 1000 requests failed (3.10 %) in 60 s, limit 1 %",
    action: "All traffic goes back to 1.2.4.",
    impact: {
      text: "31 of 1,000 requests to 1.2.5 failed (3.10 %) until the verdict; 20 % of the traffic was on it.",
      exposure: 20,
      requests: 1000,
      failed: 31,
    },
    nextSteps: ["RCA: the next working day at 16:00"],
    breakGlass: [],
    alert: { action: "trigger", key: "rollout:prod:atp-ingestion:1.2.5-abc" },
    rehearsed: false,
    ...overrides,
  };
}

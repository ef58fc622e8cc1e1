import { expect, it } from "vitest";
import type { CommandContext } from "../../../src/cli/command.ts";
import { openEvidence } from "../../../src/cli/compose/evidence-ports.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";
import { aPlan } from "../../support/builders.ts";
import { createMemoryRuntime } from "../../support/memory-runtime.ts";
import { aStackConfig } from "./harness.ts";

// Nothing is asked here: which sources there are, by the stack's config alone.

const prometheus: EnvironmentPolicy["metrics"] = {
  kind: "prometheus",
  url: "http://127.0.0.1:9",
  cohort: { label: "version", stable: "{from}", candidate: "{to}" },
  match: {},
  requests: { metric: "http_requests_total", codeLabel: "code" },
  latency: { metric: "http_request_duration_seconds" },
  exceptions: { metric: "exceptions_total" },
};
const route = { kind: "http-route", namespace: "atp-prod", route: "atp-ingestion" } as const;

async function opened(policy: Partial<EnvironmentPolicy>, stack = "prod") {
  const masked: string[] = [];
  const talk = {
    line: () => {},
    color: false,
    addSecrets: (secrets: readonly string[]) => void masked.push(...secrets),
  };
  const { runtime } = createMemoryRuntime();
  const context = { env: {}, runtime, talk } as unknown as CommandContext;
  const at = { projectDir: "/project", stack, config: aStackConfig(policy) };
  return { ...(await openEvidence(at, context, aPlan())), masked };
}

it("pods by their labels, counts by their versions, a folder beside the journal", async () => {
  const { dir, candidate, metrics, notes, problems } = await opened({ metrics: prometheus, lever: route });
  expect(dir).toBe("/project/.rollouts/prod/evidence");
  expect(candidate?.name).toBe("pods app=atp-ingestion,version=canary in atp-prod");
  expect(metrics).toBeDefined();
  expect([notes, problems]).toEqual([[], []]);
});

it("a stack with an organization has a folder of its own", async () => {
  const { dir } = await opened({ metrics: prometheus, lever: route }, "org/atp/prod");
  expect(dir).toBe("/project/.rollouts/org/atp/prod/evidence");
});

it("what there is none of is a note: slots have no pods, a sandbox no counts", async () => {
  const lever = { ...route, kind: "sandbox" } as const;
  const { candidate, metrics, notes, problems } = await opened({ metrics: { kind: "sandbox" }, lever });
  expect([candidate, metrics, problems]).toEqual([undefined, undefined, []]);
  expect(notes).toEqual([
    "metrics.json: the stack has no source of counts",
    "candidate: sandbox has no pods and logs that could be read here",
  ]);
});

it("the stack's secrets are masked from here on", async () => {
  const url = "https://hooks.example/a-key-of-its-own";
  const { secrets, masked } = await opened({ lever: route, notify: [{ kind: "webhook", url }] });
  expect(secrets).toContain(url);
  expect(masked).toContain(url);
});

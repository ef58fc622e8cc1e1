import type { DriverDeps } from "../../src/driver/session.ts";
import type { EnvironmentPolicy } from "../../src/types/policy.ts";
import type { ValidationReport } from "../../src/types/validation.ts";
import { aDriver } from "./drive.ts";
import { aFlag } from "./memory-flag-stack.ts";

/** Every strategy as it runs somewhere; of the canary the shortest that still has a next increment. */
export const strategyPolicies = {
  canary: { increments: [20, 100].map((exposure) => ({ exposure, soakSeconds: 300 })) },
  rolling: { strategy: "rolling", increments: [{ exposure: 100, soakSeconds: 300 }] },
  "direct, watched (hotfix)": { strategy: "direct", increments: [{ exposure: 100, soakSeconds: 1800 }] },
  "blue-green on App Service": {
    preset: "staging",
    strategy: "blue-green",
    platform: "app-service",
    increments: [{ exposure: 100, soakSeconds: 1800 }],
  },
  "blue-green on Kubernetes": {
    strategy: "blue-green",
    platform: "kubernetes",
    increments: [{ exposure: 100, soakSeconds: 900 }],
  },
  "node pools": {
    strategy: "rolling",
    platform: "node-pools",
    lever: { kind: "node-pools", pools: ["system", "work"], maxSurge: "1", drainTimeoutSeconds: 600 },
    increments: [{ exposure: 100, soakSeconds: 300 }],
  },
  "feature flag": {
    strategy: "feature-flag",
    platform: "app-configuration",
    lever: { kind: "app-configuration" },
    flag: aFlag(),
    increments: [10, 100].map((exposure) => ({ exposure, soakSeconds: 300 })),
  },
} as const satisfies Readonly<Record<string, Partial<EnvironmentPolicy>>>;

export type StrategyName = keyof typeof strategyPolicies;
export const strategyNames = Object.keys(strategyPolicies) as readonly StrategyName[];

/** A validation that passes. */
export const passed: ValidationReport = {
  ok: true,
  results: [
    { name: "health", ok: true, ms: 3, message: "GET /health/live answered 200" },
    { name: "smoke", ok: true, ms: 900, message: "exit 0" },
  ],
};

/**
 * A driver of one strategy over memory. In place, on slots and of nodes one side serves at a time: what the source says of stable
 * is the whole service. `percent` of the requests to the new version fail.
 */
export function aStrategy(name: StrategyName, options: { readonly percent?: number } = {}) {
  const policy = strategyPolicies[name];
  const driver = aDriver({ policy });
  driver.world.knobs.errorPercent = () => options.percent ?? 0.1;
  if (driver.world.flag) driver.world.flag.knobs.errorPercent = () => options.percent ?? 0.1;
  const { metrics, lever } = driver.deps;
  const inPlace = name === "rolling" || name.startsWith("direct");
  const asOne = inPlace || name === "blue-green on App Service" || name === "node pools";
  const validation = { report: passed, runs: 0, during: async (_signal: AbortSignal) => {} };
  Object.assign(driver.deps, {
    ...(asOne ? { metrics: whole(metrics) } : {}),
    ...(inPlace ? { leverFor: () => withProgress(lever) } : {}),
    validation: {
      name: "memory",
      run: async (signal: AbortSignal) => {
        validation.runs++;
        await validation.during(signal);
        return validation.report;
      },
    },
  });
  return { ...driver, validation };
}

/** Both cohorts as the one service that people reach. */
function whole(metrics: DriverDeps["metrics"]): DriverDeps["metrics"] {
  return {
    name: "whole",
    observe: async (query) => {
      const answer = await metrics.observe(query);
      if (answer.status !== "value") return answer;
      const bins = answer.candidate.bins.map((bin, index) => {
        const other = answer.stable.bins[index];
        return { ...bin, n: bin.n + (other?.n ?? 0), errors: bin.errors + (other?.errors ?? 0) };
      });
      return { ...answer, candidate: { bins: [] }, stable: { bins } };
    },
  };
}

function withProgress(lever: DriverDeps["lever"]): DriverDeps["lever"] {
  return {
    ...lever,
    read: async () => {
      const reading = await lever.read();
      return { ...reading, progress: reading.hasCandidate ? "6 of 6 updated" : "0 of 6 updated" };
    },
  };
}

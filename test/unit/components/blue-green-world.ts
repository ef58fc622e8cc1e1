import { BlueGreenApp } from "../../../src/components/blue-green-app.ts";
import type { BlueGreenAppArgs } from "../../../src/components/blue-green-args.ts";
import type { Rollout } from "../../../src/components/rollout.ts";
import { snapshotOf } from "../../../src/plan/identity.ts";
import type { Release } from "../../../src/types/release.ts";
import type { WorkloadSnapshot, WorkloadSpec } from "../../../src/types/workload.ts";
import { aPolicy } from "../../support/builders.ts";
import { known, type MockedResource, mockStack } from "../program/mock-stack.ts";

/** A child as it was registered, with its options. */
export interface Child {
  readonly type: string;
  readonly name: string;
  readonly ignoreChanges: readonly string[];
}

export interface Registered {
  readonly app: BlueGreenApp;
  readonly resources: readonly MockedResource[];
  readonly children: readonly Child[];
  /** How many resources carry the release. */
  readonly tracked: number;
}

export const plainArgs: Omit<BlueGreenAppArgs, "rollout"> = {
  subscriptionId: "0b1f6471-1bf0-4dda-aec3-cb9272f09590",
  resourceGroup: "atp-staging",
  location: "westeurope",
  app: "atp-ingestion-staging",
  plan: { sku: "P1v3", workers: 2 },
  image: "atp.azurecr.io/ingestion",
  port: 8080,
  env: { LOG_LEVEL: "info", DB_PASSWORD: { secretRef: { name: "atp-kv", key: "db", version: "7" } } },
  sticky: { production: { APP_SLOT: "production" }, idle: { APP_SLOT: "staging" } },
  buildPath: "/version",
};

/** What a rollout of 1.2.4 over 1.2.3 leaves in the record at a step. */
export function releaseAt(step: string, workload: WorkloadSpec): Release {
  const version = (name: string): WorkloadSnapshot =>
    snapshotOf({ version: name, workload: { ...workload, image: `atp.azurecr.io/ingestion:${name}` } });
  const base: Release = {
    schemaVersion: 1,
    stable: version("1.2.3"),
    exposure: 0,
    previousExposure: 0,
    step: "install",
  };
  const rollout = { baselineStep: "install", baselinePreviousExposure: 0, stableReplicas: 2 };
  const candidate = version("1.2.4");
  switch (step) {
    case "stage":
      return { ...base, candidate, step, rollout };
    case "swap":
      return { ...base, candidate, exposure: 100, step, rollout };
    case "settle":
      return { ...base, stable: candidate, step };
    default:
      return base;
  }
}

/** A rollout that is at a step, whatever the program asks for. */
export function fakeRollout(step: string, onTrack: (count: number) => void = () => {}): Rollout {
  return {
    version: "1.2.4",
    environment: "staging",
    policy: aPolicy(),
    claim: ({ workload, strategies }) => {
      if (!strategies.includes("blue-green")) throw new Error("it takes no blue-green");
      const release = releaseAt(step, workload as WorkloadSpec);
      const { exposure, previousExposure } = release;
      const intent = { strategy: "blue-green", environment: "staging", step: release.step };
      return { release, intent: { ...intent, from: previousExposure, to: exposure, increments: [100] } };
    },
    claimFlag: () => {
      throw new Error("there is no flag");
    },
    track: (carriers) => onTrack(carriers.length),
    outputs: () => {
      throw new Error("no test asks for outputs");
    },
  };
}

/** Registers the app at a step, under mocks. */
export async function register(step: string, more: Partial<BlueGreenAppArgs> = {}): Promise<Registered> {
  const { resources } = await mockStack({});
  const children: Child[] = [];
  let tracked = 0;
  const rollout = fakeRollout(step, (count) => {
    tracked += count;
  });
  const app = new BlueGreenApp(
    "atp-ingestion",
    { ...plainArgs, rollout, ...more },
    {
      // The one place where a child's options can be seen under mocks.
      transformations: [
        ({ type, name, opts }) => {
          const ignoreChanges: unknown = Object(opts).ignoreChanges ?? [];
          children.push({ type, name, ignoreChanges: ignoreChanges as string[] });
          return undefined;
        },
      ],
    },
  );
  await known(app.productionBuild);
  await known(app.urn);
  return { app, resources: resources.filter(({ type }) => !type.startsWith("pulumi:")), children, tracked };
}

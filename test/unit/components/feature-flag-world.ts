import { runtime } from "@pulumi/pulumi";
import { CanaryDeployment } from "../../../src/components/canary-deployment.ts";
import type { FeatureFlagRolloutArgs } from "../../../src/components/feature-flag-args.ts";
import { FeatureFlagRollout } from "../../../src/components/feature-flag-rollout.ts";
import type { Rollout } from "../../../src/components/rollout.ts";
import { runInContext } from "../../../src/program/context.ts";
import { rolloutProgram } from "../../../src/program/rollout-program.ts";
import type { Resolved, Target } from "../../../src/types/engine.ts";
import type { Release } from "../../../src/types/release.ts";
import { unwatched } from "../../support/builders.ts";
import { validFlag } from "../config/valid-flag.ts";
import { known, type MockedResource, mockStack } from "../program/mock-stack.ts";

export const keyValueType = "azure-native:appconfiguration:KeyValue";
export const componentType = "rollouts:index:FeatureFlagRollout";

export interface FlagRun {
  /** `pulumi config set step`. */
  readonly step?: string;
  /** Default 1.2.4. */
  readonly version?: string;
  readonly record?: Release;
  /** Over the guide's flag. */
  readonly flag?: object;
  readonly args?: Partial<Omit<FeatureFlagRolloutArgs, "rollout">>;
  /** Beside a service; default: alone. */
  readonly beside?: boolean;
  /** Default: the flag, after its service where it has one. */
  readonly program?: (rollout: Rollout) => void;
  /** Default: a step of the plan. */
  readonly target?: Target;
  /** Over the stack's config. */
  readonly config?: object;
}

/** The guide's store. */
export const place = { resourceGroup: "atp-prod", store: "atp-prod-appconfig" } as const;

/** A program whose flag stands beside the ingestion service, or alone. */
export function withFlag(
  rollout: Rollout,
  { args = {}, beside = false }: FlagRun,
  ignored: Record<string, unknown> = {},
): FeatureFlagRollout {
  if (beside) {
    new CanaryDeployment("atp-ingestion", {
      rollout,
      namespace: "atp-prod",
      image: "atp.azurecr.io/ingestion",
      port: 8080,
      replicas: 6,
      route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
    });
  }
  const name = beside ? "atp-ingestion-flag" : "atp-ingestion";
  return new FeatureFlagRollout(
    name,
    { rollout, ...place, ...args },
    {
      // The one place where a child's options can be seen under mocks.
      transformations: [
        ({ type, name: of, opts }) => {
          ignored[`${type} ${of}`] = Object(opts).ignoreChanges ?? [];
          return undefined;
        },
      ],
    },
  );
}

function configOf({ flag = {}, beside = false, config = {} }: FlagRun): object {
  const sandbox = { kind: "sandbox" };
  const prometheus = { kind: "prometheus", url: "http://p:9090" };
  const alone = {
    strategy: "feature-flag",
    lever: { kind: "app-configuration" },
    metrics: { ...prometheus, cohort: { stable: "off", candidate: "on" } },
    health: { kind: "http", stable: ["http://atp-ingestion/health"] },
    watch: unwatched,
  };
  return {
    preset: "production",
    service: "atp-ingestion",
    ...(beside ? { metrics: sandbox, health: sandbox, lever: sandbox } : alone),
    flag: { ...validFlag, ...flag },
    ...config,
  };
}

/** What one run of the program registers, without the engine's own, and what it leaves. */
export async function runFlag(run: FlagRun): Promise<{
  readonly resources: readonly MockedResource[];
  readonly release: Release;
  readonly exposure: number;
  readonly key: string;
  readonly reported: readonly Resolved[];
  /** `ignoreChanges` by `type name`. */
  readonly ignored: Readonly<Record<string, unknown>>;
}> {
  runtime.setAllConfig({ "atp:rollout": JSON.stringify(configOf(run)) });
  const { resources } = await mockStack(run.record === undefined ? {} : { release: run.record });
  const reported: Resolved[] = [];
  const ignored: Record<string, unknown> = {};
  const { version = "1.2.4", step } = run;
  const target = run.target ?? { kind: "step", version, ...(step === undefined ? {} : { step }) };
  let made: FeatureFlagRollout | undefined;
  const main = rolloutProgram((rollout) => {
    if (run.program !== undefined) return run.program(rollout);
    made = withFlag(rollout, run, ignored);
    return undefined;
  });
  const context = { target, report: (resolved: Resolved) => void reported.push(resolved) };
  try {
    const outputs = await runInContext(context, main);
    const release = await known<Release>(outputs["release"]);
    if (made !== undefined) await known(made.urn);
    const own = resources.filter(({ type }) => !type.startsWith("pulumi:"));
    return {
      resources: own,
      release,
      exposure: made === undefined ? -1 : await known<number>(made.exposure),
      key: made === undefined ? "" : await known<string>(made.key),
      reported,
      ignored,
    };
  } catch (error) {
    throw Object.assign(error as Error, {
      registered: resources.filter(({ type }) => !type.startsWith("pulumi:")).map(({ type }) => type),
    });
  } finally {
    // What a program has begun to register belongs to these mocks, not to the next test's.
    await runtime.disconnect();
    runtime.setAllConfig({});
  }
}

/** Inputs of a resource of a type; undefined where there is none. */
export function inputsOf(resources: readonly MockedResource[], type: string): Record<string, unknown> {
  const found = resources.find((resource) => resource.type === type);
  if (found === undefined) throw new Error(`no ${type} was registered`);
  return found.inputs;
}

/** The record after the named steps, from an install. */
export async function walk(run: FlagRun, ...steps: readonly string[]): Promise<Release> {
  let { release } = await runFlag(run);
  for (const step of steps) ({ release } = await runFlag({ ...run, step, record: release }));
  return release;
}

import { renderWorkload } from "../../src/components/render/workload.ts";
import type { WorkloadSettings } from "../../src/components/validate-args.ts";
import type { RouteArgs } from "../../src/components/workload-args.ts";
import { rollingDefaults } from "../../src/components/workload-defaults.ts";
import { nextRelease } from "../../src/plan/next-release.ts";
import type { TenantCohort } from "../../src/types/cohort.ts";
import { aRelease, aSnapshot, aWorkload } from "./builders.ts";
import type { AResource } from "./guardrails.ts";

/** What a component's stack is made of at an increment; absent: without a candidate. */
export interface Made {
  readonly step?: "5" | "20" | "50" | "100";
  readonly settings?: Partial<WorkloadSettings>;
  readonly route?: RouteArgs;
  readonly cohort?: TenantCohort;
}

type Json = Record<string, unknown>;

const steps = ["5", "20", "50", "100"];
const component = "rollouts:index:CanaryDeployment";
const resources = { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "1", memory: "2Gi" } };

/** The component and its objects, as a rule over a stack sees them: `deployment`, `deployment-canary`, `route`, … */
export function aStack(made: Made = {}): Readonly<Record<string, AResource>> {
  const release = releaseAt(made.step);
  const settings = { workload: aWorkload(), replicas: 6, rolling: rollingDefaults, ...made.settings };
  const rendered = plain(
    renderWorkload({
      service: "api",
      namespace: "n",
      route: made.route ?? { gateway: "g", hostnames: ["api.example"] },
      release,
      settings,
      ...(made.cohort === undefined ? {} : { cohort: made.cohort }),
    }),
  );
  const exposure = Number(made.step ?? 0);
  const intent = { environment: "prod", step: made.step ?? "install", from: 0, to: exposure };
  const beside = {
    intent: { ...intent, strategy: "canary", increments: [5, 20, 50, 100] },
    stableReplicas: 6,
  };
  return {
    component: { type: component, name: "api", props: made.step === undefined ? { intent } : beside },
    ...sideOf("", rendered["stable"] as Json),
    ...(rendered["candidate"] === undefined ? {} : sideOf("-canary", rendered["candidate"] as Json)),
    ...frontOf(rendered),
  };
}

function releaseAt(step: Made["step"]) {
  let release = aRelease("1.2.3", { stable: aSnapshot("1.2.3", { resources }) });
  const desired = aSnapshot("1.2.4", { resources });
  for (const one of step === undefined ? [] : steps.slice(0, steps.indexOf(step) + 1)) {
    const next = nextRelease(release, { desired, step: one, steps, stableReplicas: 6 });
    if (!next.ok) throw new Error(next.message);
    release = next.release;
  }
  return release;
}

const kinds = {
  deployment: "kubernetes:apps/v1:Deployment",
  service: "kubernetes:core/v1:Service",
  hpa: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
  pdb: "kubernetes:policy/v1:PodDisruptionBudget",
} as const;

function sideOf(suffix: string, side: Json): Record<string, AResource> {
  const made = Object.entries(kinds).flatMap(([kind, type]) =>
    side[kind] === undefined ? [] : [[`${kind}${suffix}`, child(type, `api${suffix}`, side[kind] as Json)]],
  );
  return Object.fromEntries(made);
}

function frontOf(rendered: Json): Record<string, AResource> {
  const objects = { route: rendered["route"], "route-canary": rendered["canaryRoute"] };
  const made = Object.entries(objects).flatMap(([key, object]) => {
    if (object === undefined) return [];
    const props = object as Json;
    return [
      [key, child(`kubernetes:${props["apiVersion"]}:${props["kind"]}`, key.replace("route", "api"), props)],
    ];
  });
  return Object.fromEntries(made);
}

function child(type: string, name: string, props: Json): AResource {
  return { type, name, props, parent: component, within: "api" };
}

/** A resource with other values at paths of keys between spaces, `spec template spec`; undefined takes one out. */
export function withProps(one: AResource | undefined, changes: Readonly<Record<string, unknown>>): AResource {
  if (one === undefined) throw new Error("the stack has no such resource");
  const props = plain(one.props);
  for (const [path, value] of Object.entries(changes)) put(props, path.split(" "), value);
  return { ...one, props };
}

function put(at: Json, [key = "", ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) {
    at[key] ??= {};
    put(at[key] as Json, rest, value);
  } else if (value === undefined) delete at[key];
  else at[key] = value;
}

function plain<T>(value: T): Json {
  return JSON.parse(JSON.stringify(value));
}

/** All strings of a value replaced: what a finding may never say. */
export function planted(value: unknown, secret: string): unknown {
  if (typeof value === "string") return secret;
  if (Array.isArray(value)) return value.map((one) => planted(one, secret));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, planted(one, secret)]));
}

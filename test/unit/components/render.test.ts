import { describe, expect, test } from "vitest";
import { renderDeployment, timeoutSeconds } from "../../../src/components/render/deployment.ts";
import {
  type RenderedSide,
  type RenderedWorkload,
  renderWorkload,
} from "../../../src/components/render/workload.ts";
import type { WorkloadSettings } from "../../../src/components/validate-args.ts";
import { nextRelease } from "../../../src/plan/next-release.ts";
import type { Release } from "../../../src/types/release.ts";
import type { WorkloadSpec } from "../../../src/types/workload.ts";
import { aRelease, aSnapshot, aWorkload } from "../../support/builders.ts";

const steps = ["5", "20", "50", "100", "promote-stable", "promote-switch", "promote-clean"];

/** The release after the steps up to `last`, as the program would reach it. */
function releaseAt(
  last: string,
  candidate: Partial<WorkloadSpec> = {},
  baseline = aRelease("1.2.3"),
): Release {
  const desired = aSnapshot("1.2.4", candidate);
  let release = baseline;
  for (const step of steps.slice(0, steps.indexOf(last) + 1)) {
    const next = nextRelease(release, { desired, step, steps, stableReplicas: 6 });
    if (!next.ok) throw new Error(next.message);
    release = next.release;
  }
  return release;
}

function render(release: Release, settings: Partial<WorkloadSettings> = {}): RenderedWorkload {
  return renderWorkload({
    service: "atp-ingestion",
    namespace: "atp-prod",
    route: { gateway: "atp-gateway", hostnames: ["ingest.atp.example"] },
    release,
    settings: {
      workload: aWorkload(),
      replicas: 6,
      rolling: { maxSurge: 1, maxUnavailable: 1, minReadySeconds: 30, progressDeadlineSeconds: 600 },
      ...settings,
    },
  });
}

/** JSON as the provider gets it, for reading deep values without a cast at each. */
function plain<T>(value: T) {
  return JSON.parse(JSON.stringify(value));
}

function weightsOf(rendered: RenderedWorkload): readonly number[] {
  return plain(rendered.route).spec.rules[0].backendRefs.map(({ weight }: { weight: number }) => weight);
}

function imageOf(side: RenderedSide | undefined): string | undefined {
  return side && plain(side.deployment).spec.template.spec.containers[0].image.split(":")[1];
}

describe("each step of a promotion", () => {
  const table = [
    {
      step: "install",
      weights: [100],
      stable: "1.2.3",
      canary: undefined,
      pods: undefined,
      why: "no candidate, one backend",
    },
    { step: "5", weights: [95, 5], stable: "1.2.3", canary: "1.2.4", pods: 1, why: "at least one pod" },
    {
      step: "20",
      weights: [80, 20],
      stable: "1.2.3",
      canary: "1.2.4",
      pods: 2,
      why: "20 % of 6, rounded up",
    },
    { step: "50", weights: [50, 50], stable: "1.2.3", canary: "1.2.4", pods: 3, why: "half of 6" },
    { step: "100", weights: [0, 100], stable: "1.2.3", canary: "1.2.4", pods: 6, why: "weight 0 is written" },
    {
      step: "promote-stable",
      weights: [0, 100],
      stable: "1.2.4",
      canary: "1.2.4",
      pods: 6,
      why: "the candidate serves",
    },
    {
      step: "promote-switch",
      weights: [100, 0],
      stable: "1.2.4",
      canary: "1.2.4",
      pods: 6,
      why: "pods stay for the drain",
    },
    {
      step: "promote-clean",
      weights: [100],
      stable: "1.2.4",
      canary: undefined,
      pods: undefined,
      why: "candidate gone",
    },
  ];
  test.each(table)("$step: $why", ({ step, weights, stable, canary, pods }) => {
    const rendered = render(releaseAt(step));
    expect(weightsOf(rendered)).toEqual(weights);
    expect(imageOf(rendered.stable)).toBe(stable);
    expect(imageOf(rendered.candidate)).toBe(canary);
    expect(rendered.candidate && plain(rendered.candidate.deployment).spec.replicas).toBe(pods);
  });

  test("selectors and labels are the same at every step: promotion replaces nothing", () => {
    const selectors = [...steps, "install"].flatMap((step) => {
      const { stable, candidate } = render(releaseAt(step));
      return [stable, ...(candidate ? [candidate] : [])].map(({ deployment, service }) => {
        const { spec } = plain(deployment);
        expect(spec.template.metadata.labels).toEqual(spec.selector.matchLabels);
        expect(plain(service).spec.selector).toEqual(spec.selector.matchLabels);
        return JSON.stringify(spec.selector);
      });
    });
    expect(new Set(selectors)).toEqual(
      new Set([
        '{"matchLabels":{"app":"atp-ingestion","version":"stable"}}',
        '{"matchLabels":{"app":"atp-ingestion","version":"canary"}}',
      ]),
    );
  });

  test("no map or list is empty and no field undefined: either is an update for ever", () => {
    const bare = aWorkload({ resources: { requests: {}, limits: {} } });
    const baseline = aRelease("1.2.3", { stable: { ...aSnapshot("1.2.3"), workload: bare } });
    for (const step of ["install", ...steps]) {
      expect(emptyPaths(render(releaseAt(step, { resources: bare.resources }, baseline)), "$")).toEqual([]);
    }
  });

  test("the route never carries patchForce, whatever else does", () => {
    for (const step of ["install", ...steps]) {
      expect(JSON.stringify(render(releaseAt(step), { hpa }).route)).not.toContain("patchForce");
    }
  });
});

describe("stable is rendered from the release", () => {
  test("a changed variable, probe and ConfigMap reach the candidate alone", () => {
    const changed: Partial<WorkloadSpec> = {
      env: [{ name: "MODE", value: "new" }],
      config: { LIMIT: "2" },
      readiness: { path: "/ready2", initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 1 },
    };
    const before = render(aRelease("1.2.3"));
    const during = render(releaseAt("20", changed));
    expect(during.stable).toEqual(before.stable);
    const [container] = plain(during.candidate?.deployment).spec.template.spec.containers;
    expect(container.env).toEqual([{ name: "MODE", value: "new" }]);
    expect(container.readinessProbe.httpGet.path).toBe("/ready2");
    expect(container.envFrom).toEqual([{ configMapRef: { name: during.configMaps[0]?.name } }]);
  });

  const configs = [
    { stable: {}, canary: {}, count: 0, why: "no config, no ConfigMap" },
    { stable: { A: "1" }, canary: { A: "1" }, count: 1, why: "equal content is shared" },
    { stable: { A: "1" }, canary: { A: "2" }, count: 2, why: "each version has its own" },
  ];
  test.each(configs)("ConfigMaps: $why", ({ stable, canary, count }) => {
    const baseline = aRelease("1.2.3", { stable: aSnapshot("1.2.3", { config: stable }) });
    const { configMaps } = render(releaseAt("5", { config: canary }, baseline));
    expect(configMaps.map(({ name }) => name)).toHaveLength(count);
    for (const { name, args } of configMaps) {
      expect(name).toMatch(/^atp-ingestion-[0-9a-f]{8}$/);
      expect(args.metadata.name).toBe(name);
    }
  });
});

describe("waiting for pods", () => {
  const rolling = { maxSurge: 1, maxUnavailable: 1, minReadySeconds: 30, progressDeadlineSeconds: 60 };
  const times = [
    { pods: 6, rolling, seconds: 170, why: "three waves of two pods, 30 s each" },
    { pods: 1, rolling, seconds: 110, why: "one wave" },
    {
      pods: 1,
      rolling: { ...rolling, minReadySeconds: 1 },
      seconds: 81,
      why: "a short deadline fails in time",
    },
  ];
  test.each(times)("time-out of $pods pods: $why", (row) => {
    expect(timeoutSeconds(row.pods, row.rolling)).toBe(row.seconds);
  });

  test("a candidate without traffic is not waited for: a revert must not hang on pods that never get ready", () => {
    const { release } = { release: releaseAt("20") };
    const drained = render({ ...release, exposure: 0, previousExposure: 20, step: "revert" });
    const annotations = (side: RenderedSide | undefined) => plain(side?.deployment).metadata.annotations;
    const changeCause = (version: string) => ({ "kubernetes.io/change-cause": `atp-ingestion ${version}` });
    const [old, fresh] = [changeCause("1.2.3"), changeCause("1.2.4")];
    expect(annotations(drained.candidate)).toEqual({ "pulumi.com/skipAwait": "true", ...fresh });
    expect(annotations(drained.stable)).toEqual({ "pulumi.com/timeoutSeconds": "710", ...old });
    expect(annotations(render(release).candidate)).toEqual({ "pulumi.com/timeoutSeconds": "650", ...fresh });
    expect(plain(drained.candidate?.deployment).spec.replicas).toBe(2);
  });
});

describe("the change cause", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const causes = [
    { why: "a tag is the version", given: { identity: "1.2.4+0123" }, cause: "atp-ingestion 1.2.4" },
    {
      why: "a tag with a plus in its identity's first part",
      given: { identity: "1.2.4+build+0123" },
      cause: "atp-ingestion 1.2.4+build",
    },
    {
      why: "an image pinned by digest, where nobody says its version",
      given: { identity: `${digest}+0123` },
      cause: `atp-ingestion ${digest}`,
    },
    {
      why: "an image pinned by digest, with its version",
      given: { identity: `${digest}+0123`, version: "1.2.4" },
      cause: "atp-ingestion 1.2.4",
    },
  ];
  test.each(causes)("$why; never in the pods, which it would restart", ({ given, cause }) => {
    const { metadata, spec } = plain(
      renderDeployment({
        service: "atp-ingestion",
        side: "stable",
        namespace: "atp-prod",
        workload: aWorkload(),
        replicas: 6,
        pods: 6,
        rolling: { maxSurge: 1, maxUnavailable: 1, minReadySeconds: 30, progressDeadlineSeconds: 600 },
        await: true,
        force: false,
        ...given,
      }),
    );
    expect(metadata.annotations["kubernetes.io/change-cause"]).toBe(cause);
    expect(spec.template.metadata.annotations).toEqual({ "pulumi-rollouts/identity": given.identity });
  });
});

const hpa = { min: 4, max: 12, cpuPercent: 70 };

describe("autoscaler and disruption budget", () => {
  test("with an autoscaler stable's replicas are left to it, and pinned while a candidate is there", () => {
    const settled = render(aRelease("1.2.3"), { hpa });
    expect(plain(settled.stable.deployment).spec).not.toHaveProperty("replicas");
    expect(plain(settled.stable.hpa).spec).toMatchObject({ minReplicas: 4, maxReplicas: 12 });
    const during = render(releaseAt("20"), { hpa });
    expect(plain(during.stable.hpa).spec.minReplicas).toBe(6);
    expect(plain(during.candidate?.deployment).spec.replicas).toBe(2);
    expect(plain(during.candidate?.hpa).spec).toMatchObject({
      minReplicas: 2,
      scaleTargetRef: { name: "atp-ingestion-canary" },
    });
    expect(render(releaseAt("promote-clean"), { hpa }).stable.hpa).toEqual(settled.stable.hpa);
  });

  test("an observed baseline above the maximum lifts the maximum: the API refuses min > max", () => {
    const { stable } = render(releaseAt("5"), { hpa: { min: 1, max: 4, cpuPercent: 70 } });
    expect(plain(stable.hpa).spec).toMatchObject({ minReplicas: 6, maxReplicas: 6 });
  });

  const budgets = [
    { minAvailable: 4, step: "5", canary: 0, why: "one pod may always go" },
    { minAvailable: 4, step: "50", canary: 2, why: "all but one of three" },
    { minAvailable: 4, step: "100", canary: 4, why: "as asked" },
    { minAvailable: "50%", step: "5", canary: 0, why: "half of one pod would be that pod" },
    { minAvailable: "50%", step: "50", canary: "50%", why: "two of three: a share is a share" },
    { minAvailable: "100%", step: "100", canary: 5, why: "all but one of six" },
  ];
  test.each(budgets)("budget of the candidate at $step: $why", ({ minAvailable, step, canary }) => {
    const { stable, candidate } = render(releaseAt(step), { pdb: { minAvailable } });
    expect(plain(stable.pdb).spec.minAvailable).toBe(minAvailable);
    expect(plain(candidate?.pdb).spec.minAvailable).toBe(canary);
  });
});

describe("the container", () => {
  test("a Secret is referred to, and its version is in the pods so that new content reaches them", () => {
    const env = [{ name: "DB", secretRef: { name: "db", key: "password", version: "7" } }];
    const { candidate } = render(releaseAt("5", { env }));
    const { metadata, spec } = plain(candidate?.deployment).spec.template;
    expect(spec.containers[0].env).toEqual([
      { name: "DB", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
    ]);
    expect(metadata.annotations).toMatchObject({ "pulumi-rollouts/secret-versions": "db/password=7" });
  });

  test("a transform sees each child with its side, and changes what is registered", () => {
    const seen: string[] = [];
    const release = releaseAt("5");
    const rendered = renderWorkload({
      service: "s",
      namespace: "n",
      route: { gateway: "g", hostnames: [] },
      release,
      settings: {
        workload: aWorkload(),
        replicas: 2,
        rolling: { maxSurge: 1, maxUnavailable: 0, minReadySeconds: 0, progressDeadlineSeconds: 60 },
      },
      transform: {
        deployment: (args, side) => {
          seen.push(side);
          return { ...args, metadata: { name: `changed-${side}` } };
        },
        route: (args) => ({ ...args, kind: "GRPCRoute" }),
      },
    });
    expect(seen).toEqual(["stable", "canary"]);
    expect(rendered.candidate?.deployment.metadata).toEqual({ name: "changed-canary" });
    expect(rendered.route?.kind).toBe("GRPCRoute");
    expect(plain(rendered.route).spec).not.toHaveProperty("hostnames");
  });
});

function emptyPaths(value: unknown, path: string): readonly string[] {
  if (value === undefined) return [path];
  if (value === null || typeof value !== "object") return [];
  // Without config there is no ConfigMap; the list of them is ours, not the API's.
  if (Object.keys(value).length === 0) return path === "$.configMaps" ? [] : [path];
  return Object.entries(value).flatMap(([key, member]) => emptyPaths(member, `${path}.${key}`));
}

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDeploymentLever } from "../../../../src/adapters/lever/deployment.ts";
import {
  type DeploymentJson,
  deploymentPath,
  setDeployment,
  sides,
  startController,
  templateJson,
} from "../../../support/http-fake-deployment.ts";
import { type KubeFake, startKubeFake } from "../../../support/http-fake-kube.ts";
import { createMemoryRuntime } from "../../../support/memory-runtime.ts";

let kube: KubeFake;
beforeEach(async () => {
  kube = await startKubeFake();
});
afterEach(() => kube.close());

const { stable, candidate } = sides;

function open(of: DeploymentJson | undefined, known: Partial<typeof sides> = sides) {
  if (of) setDeployment(kube, of);
  const config = {
    kind: "http-route" as const,
    namespace: "prod",
    route: "atp",
    kubeconfig: kube.kubeconfig,
  };
  const { runtime, lines } = createMemoryRuntime();
  return { lever: createDeploymentLever({ config, deployment: "atp", sides: known, runtime }), lines };
}

const patches = () => kube.requests.filter(({ method }) => method === "PATCH");
const specNow = () =>
  kube.objects.get(deploymentPath)?.spec as { template: unknown; paused?: boolean; replicas: number };

interface Reading {
  readonly why: string;
  readonly of: DeploymentJson;
  readonly exposure: number;
  readonly hasCandidate: boolean;
  readonly ready: readonly [number, number];
  readonly progress: string;
  readonly accepted?: false;
}

const settled: DeploymentJson = { template: stable, sets: [{ identity: stable, pods: 6, ready: 6 }] };
const half: DeploymentJson = {
  template: candidate,
  available: 5,
  sets: [
    { identity: stable, revision: 1, pods: 1, ready: 1 },
    { identity: candidate, revision: 2, pods: 3, ready: 2 },
  ],
};

describe("what is read", () => {
  it.each<Reading>([
    {
      why: "before the rollout",
      of: settled,
      exposure: 0,
      hasCandidate: false,
      ready: [6, 0],
      progress: "6 of 6 updated",
    },
    {
      why: "in the middle: the share of ready new pods, rounded down",
      of: half,
      exposure: 50,
      hasCandidate: true,
      ready: [1, 2],
      progress: "3 of 6 updated, 1 old pending, 5 available",
    },
    {
      why: "all new and available, none left: only that is 100",
      of: {
        template: candidate,
        sets: [
          { identity: stable, revision: 1 },
          { identity: candidate, revision: 2, pods: 6, ready: 6 },
        ],
      },
      exposure: 100,
      hasCandidate: true,
      ready: [0, 6],
      progress: "6 of 6 updated",
    },
    {
      why: "all new, but one old pod is left",
      of: {
        template: candidate,
        sets: [
          { identity: stable, pods: 1 },
          { identity: candidate, pods: 6, ready: 6 },
        ],
      },
      exposure: 85,
      hasCandidate: true,
      ready: [0, 6],
      progress: "6 of 6 updated, 1 old pending",
    },
    {
      why: "all new and ready, not yet for minReadySeconds",
      of: { template: candidate, available: 4, sets: [{ identity: candidate, pods: 6, ready: 6 }] },
      exposure: 99,
      hasCandidate: true,
      ready: [0, 6],
      progress: "6 of 6 updated, 4 available",
    },
    {
      why: "one of many is never 0: users meet it",
      of: {
        template: candidate,
        replicas: 300,
        sets: [
          { identity: stable, pods: 299, ready: 299 },
          { identity: candidate, pods: 1, ready: 1 },
        ],
      },
      exposure: 1,
      hasCandidate: true,
      ready: [299, 1],
      progress: "1 of 300 updated, 299 old pending",
    },
    {
      why: "an undo under way: pods of the new version count though the template is the old one's",
      of: {
        template: stable,
        available: 5,
        sets: [
          { identity: stable, pods: 4, ready: 3 },
          { identity: candidate, pods: 2, ready: 2 },
        ],
      },
      exposure: 33,
      hasCandidate: true,
      ready: [3, 2],
      progress: "4 of 6 updated, 2 old pending, 5 available",
    },
    {
      why: "new pods that never get ready take no traffic",
      of: {
        template: candidate,
        available: 5,
        conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }],
        sets: [
          { identity: stable, pods: 5, ready: 5 },
          { identity: candidate, pods: 2 },
        ],
      },
      exposure: 0,
      hasCandidate: true,
      ready: [5, 0],
      progress: "2 of 6 updated, 5 old pending, 5 available, no progress within its deadline",
    },
    {
      why: "the controller has not seen the last write",
      of: { ...settled, generation: 4, observed: 3 },
      exposure: 0,
      hasCandidate: false,
      ready: [6, 0],
      progress: "6 of 6 updated",
      accepted: false,
    },
    {
      why: "paused",
      of: { ...half, paused: true },
      exposure: 50,
      hasCandidate: true,
      ready: [1, 2],
      progress: "3 of 6 updated, 1 old pending, 5 available, paused",
    },
    {
      why: "ReplicaSets of others under the same labels pass by",
      of: { ...settled, sets: [...settled.sets, { identity: candidate, pods: 4, ready: 4, owner: "u-2" }] },
      exposure: 0,
      hasCandidate: false,
      ready: [6, 0],
      progress: "6 of 6 updated",
    },
    {
      why: "pods of a library that wrote no identity yet are nobody's",
      of: { template: undefined, sets: [{ pods: 6, ready: 6 }] },
      exposure: 0,
      hasCandidate: false,
      ready: [0, 0],
      progress: "6 of 6 updated",
    },
  ])("$why", async ({ of, exposure, hasCandidate, ready: [old, fresh], progress, accepted = true }) => {
    expect(await open(of).lever.read()).toEqual({
      exposure,
      hasCandidate,
      accepted,
      ready: { stable: old, candidate: fresh },
      progress,
    });
  });

  it("before the sides are known, a Deployment is only there", async () => {
    const reading = await open(settled, {}).lever.read();
    expect(reading).toMatchObject({ exposure: 0, hasCandidate: false, ready: { stable: 0, candidate: 0 } });
  });
});

describe("undo", () => {
  it("is one patch: tests the identity that it replaces, puts the old template back without Kubernetes' label", async () => {
    await open(half).lever.setExposure(0);
    const [patch, ...more] = patches();
    expect(more).toEqual([]);
    expect(patch?.headers["content-type"]).toBe("application/json-patch+json");
    expect(patch?.url.searchParams.get("fieldManager")).toBe("rollouts-lever");
    expect(JSON.parse(patch?.body ?? "")).toEqual([
      { op: "test", path: "/spec/template/metadata/annotations/pulumi-rollouts~1identity", value: candidate },
      { op: "replace", path: "/spec/template", value: templateJson(stable) },
    ]);
    expect(specNow()).toMatchObject({ template: templateJson(stable), replicas: 6 });
  });

  it("takes the newest ReplicaSet of that version: what ran last", async () => {
    const sets = [
      { identity: stable, revision: 9, pods: 1, ready: 1 },
      { identity: stable, revision: 10 },
      { identity: candidate, revision: 11, pods: 6, ready: 6 },
    ];
    setDeployment(kube, { template: candidate, sets });
    const list = kube.objects.get("/apis/apps/v1/namespaces/prod/replicasets") as unknown as {
      items: { spec: { template: { spec: Record<string, unknown> } } }[];
    };
    Object.assign(list.items[1]?.spec.template.spec ?? {}, { terminationGracePeriodSeconds: 7 });
    await open(undefined).lever.setExposure(0);
    expect(specNow().template).toMatchObject({ spec: { terminationGracePeriodSeconds: 7 } });
  });

  it("makes a paused Deployment go on, in the same patch", async () => {
    await open({ ...half, paused: true }).lever.setExposure(0);
    expect(patches()).toHaveLength(1);
    expect(specNow()).toMatchObject({ paused: false, template: templateJson(stable) });
  });

  it("asked for again while it is under way, only makes it go on where somebody paused it", async () => {
    const under: DeploymentJson = { ...half, template: stable };
    await open(under).lever.setExposure(0);
    expect(patches()).toEqual([]);
    await open({ ...under, paused: true }).lever.setExposure(0);
    expect(specNow().paused).toBe(false);
  });

  it("leaves a third version alone: there is nothing of ours to take back", async () => {
    const third = { template: "9.9.9+cccc", sets: [{ identity: "9.9.9+cccc", pods: 6, ready: 6 }] };
    await open(third).lever.setExposure(0);
    expect(patches()).toEqual([]);
  });

  const refused = [
    {
      why: "no ReplicaSet of the old version is left",
      of: { template: candidate, sets: [{ identity: candidate, pods: 6, ready: 6 }] },
      known: sides,
    },
    {
      why: "one that names no identity is not guessed to be it",
      of: { template: candidate, sets: [{ pods: 6, ready: 6 }, { identity: candidate }] },
      known: sides,
    },
    { why: "there was no version before", of: half, known: { candidate } },
  ];
  it.each(refused)("is refused: $why", async ({ of, known }) => {
    const undo = open(of, known).lever.setExposure(0);
    await expect(undo).rejects.toMatchObject({ code: "no-such-revision", exit: "resource" });
    expect(patches()).toEqual([]);
  });

  it("reads again when the template changed under it, and then leaves the third version alone", async () => {
    const { lever, lines } = open(half);
    kube.override = ({ method }) => {
      if (method === "PATCH") setDeployment(kube, { template: "9.9.9+cccc", sets: [] });
      return undefined;
    };
    await lever.setExposure(0);
    expect(patches()).toHaveLength(1);
    expect(lines).toEqual([expect.stringContaining("reading it again")]);
  });

  it("gives up after three conflicts, and says whose", async () => {
    const { lever } = open(half);
    kube.override = ({ method }) =>
      method === "PATCH"
        ? { status: 409, body: JSON.stringify({ reason: "Conflict", message: "changed" }) }
        : undefined;
    await expect(lever.setExposure(0)).rejects.toThrow(/deployments\.apps prod\/atp: HTTP 409 Conflict/);
    expect(patches()).toHaveLength(3);
  });

  it("who may not list ReplicaSets is told what is missing", async () => {
    const { lever } = open(half);
    kube.override = ({ url }) =>
      url.pathname.endsWith("/replicasets")
        ? { status: 403, body: JSON.stringify({ reason: "Forbidden", message: "User ci cannot list" }) }
        : undefined;
    await expect(lever.setExposure(0)).rejects.toMatchObject({
      code: "kube-denied",
      exit: "auth",
      message: expect.stringContaining("Could not list replicasets.apps prod: HTTP 403 Forbidden"),
      hint: expect.stringContaining("list on replicasets"),
    });
  });
});

describe("100", () => {
  it("puts the new version back after an undo", async () => {
    const controller = startController(kube, 10);
    controller.share(50, true);
    const { lever } = open(undefined);
    await lever.setExposure(0);
    expect(await lever.read()).toMatchObject({ exposure: 0, hasCandidate: false });
    await lever.setExposure(100);
    expect(await lever.read()).toMatchObject({ exposure: 100, progress: "10 of 10 updated" });
  });

  it("never over a third version", async () => {
    const { lever } = open({ template: "9.9.9+cccc", sets: half.sets });
    await expect(lever.setExposure(100)).rejects.toMatchObject({ code: "foreign-version" });
    expect(patches()).toEqual([]);
  });
});

describe("giving back what it owns", () => {
  const entries = (...managers: (string | undefined)[]) => {
    setDeployment(kube, settled);
    const metadata = kube.objects.get(deploymentPath)?.metadata;
    Object.assign(metadata ?? {}, {
      managedFields: managers.map((manager) => ({ ...(manager ? { manager } : {}), operation: "Update" })),
    });
    return open(undefined).lever;
  };

  it("drops its own entries, each tested at its place, from the last one on", async () => {
    await entries("pulumi-kubernetes-1", "rollouts-lever", undefined, "rollouts-lever").release?.();
    expect(JSON.parse(patches()[0]?.body ?? "")).toEqual([
      { op: "test", path: "/metadata/managedFields/3/manager", value: "rollouts-lever" },
      { op: "remove", path: "/metadata/managedFields/3" },
      { op: "test", path: "/metadata/managedFields/1/manager", value: "rollouts-lever" },
      { op: "remove", path: "/metadata/managedFields/1" },
    ]);
  });

  it("does nothing where it owns nothing", async () => {
    await entries("pulumi-kubernetes-1").release?.();
    await open(settled).lever.release?.();
    expect(patches()).toEqual([]);
  });
});

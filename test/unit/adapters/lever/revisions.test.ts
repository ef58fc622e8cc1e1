import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDeploymentRevisions } from "../../../../src/adapters/lever/revisions.ts";
import { setDeployment, sides } from "../../../support/http-fake-deployment.ts";
import { type KubeFake, startKubeFake } from "../../../support/http-fake-kube.ts";

let kube: KubeFake;
beforeEach(async () => {
  kube = await startKubeFake();
});
afterEach(() => kube.close());

const listPath = "/apis/apps/v1/namespaces/prod/replicasets";

function open() {
  const config = {
    kind: "http-route" as const,
    namespace: "prod",
    route: "atp",
    kubeconfig: kube.kubeconfig,
  };
  return createDeploymentRevisions({ config, deployment: "atp" });
}

/** The list behind the fake, to change it as a cluster may have it. */
function items() {
  const list = kube.objects.get(listPath) as unknown as {
    items: {
      metadata: { annotations?: Record<string, string> };
      spec: Record<string, unknown> & { template: { spec: { containers: unknown } } };
    }[];
  };
  return list.items;
}

describe("the revisions of a Deployment", () => {
  it("its own ReplicaSets, with identity, change cause, image and pods", async () => {
    setDeployment(kube, {
      template: sides.candidate,
      sets: [
        { identity: sides.stable, revision: 3 },
        { identity: sides.candidate, revision: 4, pods: 6, ready: 5 },
        { revision: 1 },
        { identity: sides.stable, revision: 9, owner: "another Deployment" },
      ],
    });
    const [old, present] = items();
    Object.assign(old?.metadata.annotations ?? {}, { "kubernetes.io/change-cause": "atp 1.2.3" });
    Object.assign(old?.spec ?? {}, { replicas: 0 });
    Object.assign(present?.spec ?? {}, { replicas: 6 });
    Object.assign(items()[2]?.spec ?? {}, { replicas: 0 });
    expect(await open().list()).toEqual([
      {
        number: 3,
        identity: sides.stable,
        changeCause: "atp 1.2.3",
        image: `atp:${sides.stable}`,
        ready: 0,
        desired: 0,
      },
      { number: 4, identity: sides.candidate, image: `atp:${sides.candidate}`, ready: 5, desired: 6 },
      { number: 1, image: "atp:old", ready: 0, desired: 0 },
    ]);
    expect(kube.requests.map(({ method }) => method)).toEqual(["GET", "GET"]);
  });

  it("the image is that of the service's own container, not of one beside it", async () => {
    setDeployment(kube, { template: sides.stable, sets: [{ identity: sides.stable, pods: 6, ready: 6 }] });
    const [set] = items();
    if (set)
      set.spec.template.spec.containers = [
        { name: "proxy", image: "envoy:1" },
        { name: "atp", image: "atp:7" },
      ];
    expect(await open().list()).toMatchObject([{ image: "atp:7" }]);
  });

  const failures = [
    { why: "no such Deployment", prepare: () => {}, code: "kube-api", text: "HTTP 404" },
    {
      why: "no right to read it",
      prepare: () => {
        kube.override = () => ({ status: 403, body: "{}" });
      },
      code: "kube-denied",
      text: "HTTP 403",
    },
    {
      why: "an answer of another shape",
      prepare: () => {
        setDeployment(kube, { template: sides.stable, sets: [{ identity: sides.stable }] });
        const [set] = items();
        if (set) set.spec.template.spec.containers = "none";
      },
      code: "kube-api",
      text: "not what the API promises",
    },
  ];
  it.each(failures)("$why: says so, and is never an empty list", async ({ prepare, code, text }) => {
    prepare();
    await expect(open().list()).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
  });
});

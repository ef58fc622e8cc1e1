import type { KubeFake, KubeJson } from "./http-fake-kube.ts";

const base = "/apis/apps/v1/namespaces/prod";
export const deploymentPath = `${base}/deployments/atp`;
const listPath = `${base}/replicasets`;
/** Identities of both sides in these Deployments. */
export const sides = { stable: "1.2.3+aaaa", candidate: "1.2.4+bbbb" };

/** Pods of one ReplicaSet. */
export interface SetJson {
  readonly identity?: string;
  readonly revision?: number;
  readonly pods?: number;
  readonly ready?: number;
  /** Default: the Deployment's own. */
  readonly owner?: string;
}

export interface DeploymentJson {
  /** Identity of the present template; undefined: nobody wrote one. */
  readonly template?: string | undefined;
  readonly replicas?: number;
  readonly paused?: boolean;
  readonly generation?: number;
  readonly observed?: number;
  readonly available?: number;
  readonly updated?: number;
  readonly conditions?: readonly unknown[];
  readonly sets: readonly SetJson[];
}

/** A pod template as the API gives it back: with the label and the defaults that Kubernetes adds. */
export function templateJson(identity: string | undefined, hash?: string) {
  return {
    metadata: {
      labels: { app: "atp", version: "stable", ...(hash === undefined ? {} : { "pod-template-hash": hash }) },
      ...(identity === undefined ? {} : { annotations: { "pulumi-rollouts/identity": identity } }),
    },
    spec: { containers: [{ name: "atp", image: `atp:${identity ?? "old"}` }], restartPolicy: "Always" },
  };
}

/** Puts a Deployment and its ReplicaSets behind the fake. 0 is left out, as Kubernetes does. */
export function setDeployment(kube: KubeFake, of: DeploymentJson): void {
  const { template, replicas = 6, generation = 3, observed = generation, sets } = of;
  const own = sets.filter(({ identity }) => identity === template);
  const updated = of.updated ?? own.reduce((sum, { pods = 0 }) => sum + pods, 0);
  const available = of.available ?? sets.reduce((sum, { ready = 0 }) => sum + ready, 0);
  const deployment: KubeJson = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "atp", namespace: "prod", uid: "u-1", generation, resourceVersion: "100" } as never,
    spec: {
      replicas,
      ...(of.paused === undefined ? {} : { paused: of.paused }),
      selector: { matchLabels: { app: "atp", version: "stable" } },
      template: templateJson(template),
    },
    status: {
      observedGeneration: observed,
      ...(updated > 0 ? { updatedReplicas: updated } : {}),
      ...(available > 0 ? { availableReplicas: available } : {}),
      ...(of.conditions ? { conditions: of.conditions } : {}),
    },
  };
  kube.objects.set(deploymentPath, deployment);
  const items = sets.map(({ identity, revision = 1, pods = 0, ready = 0, owner = "u-1" }, index) => ({
    metadata: {
      name: `atp-${index}`,
      annotations: { "deployment.kubernetes.io/revision": String(revision) },
      ownerReferences: [{ uid: owner }],
    },
    spec: { template: templateJson(identity, `hash${index}`) },
    status: { replicas: pods, ...(ready > 0 ? { readyReplicas: ready } : {}) },
  }));
  kube.objects.set(listPath, { metadata: {}, kind: "ReplicaSetList", items } as never);
}

/**
 * A controller that finishes at once: whenever the template is another one, all pods are of it. `share` puts a part
 * of the pods on the candidate instead, as in the middle of an update.
 */
export function startController(kube: KubeFake, replicas: number) {
  const set = (template: string, candidatePods: number, known: readonly string[]) =>
    setDeployment(kube, {
      template,
      replicas,
      sets: known.map((identity, index) => {
        const pods = identity === sides.candidate ? candidatePods : replicas - candidatePods;
        return { identity, revision: index + 1, pods, ready: pods };
      }),
    });
  let writes = 0;
  kube.override = ({ method, url }) => {
    if (method !== "GET" || url.pathname !== deploymentPath) return undefined;
    const seen = kube.requests.filter((request) => request.method === "PATCH").length;
    if (seen === writes) return undefined;
    writes = seen;
    const spec = kube.objects.get(deploymentPath)?.spec as { template: ReturnType<typeof templateJson> };
    const wanted = spec.template.metadata.annotations?.["pulumi-rollouts/identity"] ?? "";
    set(wanted, wanted === sides.candidate ? replicas : 0, [sides.stable, sides.candidate]);
    return undefined;
  };
  return {
    share: (percent: number, hasCandidate: boolean) => {
      const pods = Math.round((percent * replicas) / 100);
      if (!hasCandidate) set(sides.stable, 0, [sides.stable]);
      else set(sides.candidate, pods, [sides.stable, sides.candidate]);
    },
  };
}

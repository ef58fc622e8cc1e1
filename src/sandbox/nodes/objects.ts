import { nodePoolLabel } from "../../plan/identity.ts";
import type { Budget, ClusterNode, ClusterPod } from "./cluster.ts";

/** An object of the API, as loose JSON. */
export type KubeObject = { readonly metadata: KubeMetadata } & Readonly<Record<string, unknown>>;

export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly resourceVersion: string;
}

const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** As the API gives a node: a false `unschedulable` is not there at all. */
export function nodeObject(node: ClusterNode): KubeObject {
  const cordon = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  const taints = [...node.taints.map(taintOf), ...(node.unschedulable ? [cordon] : [])];
  const created = at(node.createdMs);
  const { annotations } = node;
  return {
    kind: "Node",
    apiVersion: "v1",
    metadata: {
      name: node.name,
      uid: node.uid,
      resourceVersion: String(node.resourceVersion),
      creationTimestamp: created,
      labels: node.labels,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    } as KubeMetadata,
    spec: {
      providerID: `azure:///virtualMachineScaleSets/aks-${node.pool}-vmss/virtualMachines/${node.name}`,
      ...(taints.length === 0 ? {} : { taints }),
      ...(node.unschedulable ? { unschedulable: true } : {}),
    },
    status: { ...statusOf(node), conditions: [readyCondition("KubeletReady", created)] },
  };
}

function statusOf({ name, version }: ClusterNode) {
  const room = { cpu: "4", memory: "16Gi", pods: "110" };
  return {
    capacity: room,
    allocatable: room,
    addresses: [{ type: "Hostname", address: name }],
    nodeInfo: {
      architecture: "amd64",
      bootID: "",
      containerRuntimeVersion: "containerd://1.7.28-1",
      kernelVersion: "5.15.0-1098-azure",
      kubeletVersion: `v${version}`,
      kubeProxyVersion: "",
      machineID: "",
      operatingSystem: "linux",
      osImage: "Ubuntu 22.04.5 LTS",
      systemUUID: "",
    },
  };
}

/** `CriticalAddonsOnly=true:NoSchedule`, as AKS takes taints. */
function taintOf(text: string) {
  const { key, value, effect } =
    /^(?<key>[^=:]+)(?:=(?<value>[^:]*))?:(?<effect>.+)$/.exec(text)?.groups ?? {};
  return { key: key ?? text, ...(value ? { value } : {}), effect: effect ?? "NoSchedule" };
}

/** As the API gives a pod: running and ready where it has a node, else pending for want of one. */
export function podObject(pod: ClusterPod): KubeObject {
  const created = at(pod.createdMs);
  const owner = pod.lasting === undefined ? "DaemonSet" : "ReplicaSet";
  const unschedulable = { type: "PodScheduled", status: "False", reason: "Unschedulable" };
  const scheduled = { type: "PodScheduled", status: "True", lastTransitionTime: created };
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      name: pod.name,
      namespace: pod.namespace,
      uid: pod.uid,
      resourceVersion: String(pod.resourceVersion),
      creationTimestamp: created,
      labels: { app: pod.app },
      ownerReferences: [
        { apiVersion: "apps/v1", kind: owner, name: pod.app, uid: `${pod.app}-uid`, controller: true },
      ],
    } as KubeMetadata,
    spec: {
      ...(pod.node === undefined ? {} : { nodeName: pod.node }),
      ...(pod.lasting === undefined ? {} : { nodeSelector: { [nodePoolLabel]: pod.lasting } }),
      tolerations: [{ operator: "Exists" }],
      containers: [{ name: "app", image: "app" }],
    },
    status:
      pod.node === undefined
        ? { phase: "Pending", conditions: [unschedulable] }
        : {
            phase: "Running",
            startTime: created,
            conditions: [scheduled, readyCondition(undefined, created)],
            containerStatuses: [
              {
                name: "app",
                image: "app",
                imageID: "",
                ready: true,
                restartCount: 0,
                state: { running: {} },
              },
            ],
          },
  };
}

function readyCondition(reason: string | undefined, since: string) {
  return { type: "Ready", status: "True", ...(reason ? { reason } : {}), lastTransitionTime: since };
}

/** As the API gives a disruption budget, with its status as it is now. */
export function budgetObject(budget: Budget): KubeObject {
  const { namespace, name, app, expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed } = budget;
  const enough = { type: "DisruptionAllowed", status: disruptionsAllowed > 0 ? "True" : "False" };
  return {
    kind: "PodDisruptionBudget",
    apiVersion: "policy/v1",
    metadata: { name, namespace, labels: {}, resourceVersion: "1" },
    spec: { minAvailable: desiredHealthy, selector: { matchLabels: { app } } },
    status: {
      observedGeneration: 1,
      expectedPods,
      desiredHealthy,
      currentHealthy,
      disruptionsAllowed,
      conditions: [enough],
    },
  };
}

import { nodeBuildLabel, nodeBuildOf } from "../plan/identity.ts";
import type { Health } from "../ports/metrics.ts";
import type { HealthStatus } from "../types/observation.ts";
import { createAzureProvider } from "./azure-provider.ts";
import type { FaultSpec } from "./faults.ts";
import type { Flow } from "./flows.ts";
import { createNodesModel, type NodesModel, type NodesOptions } from "./nodes/model.ts";
import { startKubeServer } from "./nodes/server.ts";
import type { SandboxProvider } from "./provider.ts";
import { serveProvider } from "./provider-server.ts";
import type { Sandbox } from "./sandbox.ts";

/** Identities of both sides of a rollout. */
export interface NodeSides {
  readonly stable?: string;
  readonly candidate?: string;
}

/** A cluster whose nodes come from agent pools, its Kubernetes API and its part of azure-native, for one sandbox. */
export interface NodePools {
  /** Base URL of the Kubernetes API, http, without a credential. */
  readonly endpoint: string;
  /** Environment of an engine's process that finds the provider here. */
  readonly providers: Readonly<Record<string, string>>;
  readonly model: NodesModel;
  /** Which build is the new one: faults are its. */
  rollsOut(sides: NodeSides): void;
  /** Requests follow the pods to where they run now. To be called after whatever may have moved them. */
  follow(): void;
  readonly health: Health;
  close(): Promise<void>;
}

export interface NodePoolsOptions extends Pick<NodesOptions, "controlPlane" | "images"> {
  readonly sandbox: Sandbox;
  /** Lasting names of the pools, in the order in which they move. */
  readonly pools: readonly string[];
  readonly faults: readonly FaultSpec[];
  /** Serves App Configuration beside it. */
  readonly configuration?: SandboxProvider;
}

/** Starts it on free ports of loopback. It has no nodes before an update makes some. */
export async function startNodePools(options: NodePoolsOptions): Promise<NodePools> {
  const { sandbox, pools, faults, controlPlane, images, configuration } = options;
  const last = pools.at(-1);
  const isStuck = last !== undefined && faults.some(({ kind }) => kind === "stuck-drain");
  const model = createNodesModel({
    now: () => sandbox.clock.now(),
    controlPlane,
    ...(images ? { images } : {}),
    ...(isStuck ? { stuck: last } : {}),
  });
  const api = await startKubeServer(model);
  const provider = createAzureProvider({
    pools: { put: (inputs) => model.put(inputs), remove: (name) => model.remove(name) },
    ...(configuration ? { configuration } : {}),
  });
  const served = await serveProvider("azure-native", provider);
  let candidate: string | undefined;
  return {
    endpoint: api.endpoint,
    providers: served.env,
    model,
    rollsOut: (sides) => {
      candidate = sides.candidate === undefined ? undefined : nodeBuildOf(sides.candidate);
    },
    follow: () => follow(sandbox, model, candidate),
    health: {
      name: "sandbox",
      probe: async () => ({ candidate: { status: "ok" }, stable: healthOf(sandbox, model) }),
    },
    close: async () => {
      served.close();
      await api.close();
    },
  };
}

/** Running pods of the apps, counted by the build of the nodes that they run on. */
function podsByBuild(model: NodesModel): ReadonlyMap<string, number> {
  const builds = new Map(model.nodes().map(({ name, labels }) => [name, labels[nodeBuildLabel] ?? ""]));
  const counts = new Map<string, number>();
  for (const { lasting, node } of model.pods()) {
    if (lasting === undefined || node === undefined) continue;
    const build = builds.get(node) ?? "";
    counts.set(build, (counts.get(build) ?? 0) + 1);
  }
  return counts;
}

/** Both builds serve the same users, so all of it is the service's: there is no second cohort. */
function follow({ traffic, faults, cloud }: Sandbox, model: NodesModel, candidate: string | undefined): void {
  const counts = podsByBuild(model);
  const running = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const common = { cohort: "stable", service: "app" } as const;
  const flows = [...counts].map(
    ([build, count]): Flow => ({ ...common, share: count / running, build, served: true }),
  );
  const nobody: Flow = { ...common, share: 1, build: "", served: false };
  traffic.change(cloud.now(), running === 0 ? [nobody] : flows);
  const moved = candidate === undefined ? 0 : (counts.get(candidate) ?? 0);
  const builds = candidate === undefined || moved === 0 ? [] : [candidate];
  faults.inForce(running === 0 ? 0 : (100 * moved) / running, builds);
}

function healthOf({ faults }: Sandbox, model: NodesModel): HealthStatus {
  const builds = [...podsByBuild(model).keys()];
  const hit = (fault: FaultSpec) => builds.some((build) => faults.hits(fault, build));
  const fault = faults.now("health").find((one) => one.answer === "cluster-down" || hit(one));
  if (fault === undefined && builds.length > 0) return { status: "ok" };
  if (typeof fault?.answer === "number")
    return { status: "unhealthy", httpStatus: fault.answer, path: "/health/ready" };
  return { status: "no-answer", message: "no answer within the time-out" };
}

import { nodeBuildLabel, nodePoolLabel } from "../../../../src/plan/identity.ts";
import { createNodesModel, type NodesModel } from "../../../../src/sandbox/nodes/model.ts";
import { type KubeServer, startKubeServer } from "../../../../src/sandbox/nodes/server.ts";
import { newBuild, oldBuild } from "./pools-world.ts";

/** A cluster behind an HTTP API: pool `work` with two old and two new nodes, its pods on the old ones. */
export interface KubeWorld {
  readonly model: NodesModel;
  readonly server: KubeServer;
  /** Calls that would have changed something. */
  writes(): readonly string[];
  /** Nodes of a build, as `<schedulable> <pods of the app>`. */
  side(build: string): readonly string[];
}

/** With `stuck` the budget of the pool's pods lets nobody go. */
export async function startKubeWorld({ stuck = false } = {}): Promise<KubeWorld> {
  const model = createNodesModel({
    now: () => Date.UTC(2026, 0, 15, 10),
    controlPlane: "1.34.2",
    ...(stuck ? { stuck: "work" } : {}),
  });
  const pool = (agentPoolName: string, build: string, orchestratorVersion: string) =>
    model.put({
      ...{ resourceGroupName: "rg", resourceName: "aks", agentPoolName, orchestratorVersion, count: 2 },
      nodeLabels: { [nodePoolLabel]: "work", [nodeBuildLabel]: build },
    });
  pool("workold", oldBuild, "1.33.5");
  pool("worknew", newBuild, "1.34.2");
  const server = await startKubeServer(model);
  return {
    model,
    server,
    writes: () => server.calls.filter((call) => !call.startsWith("GET ")),
    side: (build) =>
      model
        .nodes()
        .filter(({ labels }) => labels[nodeBuildLabel] === build)
        .map(({ name, unschedulable }) => {
          const carried = model.pods().filter(({ node, lasting }) => node === name && lasting !== undefined);
          return `${!unschedulable} ${carried.length}`;
        }),
  };
}

import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";
import type { ControlPlane } from "./control-plane.ts";
import { waitUntil } from "./process.ts";

/** The pods of a namespace after one event; those that are already ending count for nothing. */
export interface SeenPods {
  /** Wall time, ms since the epoch. */
  readonly at: number;
  readonly pods: number;
  readonly ready: number;
  /** Ready pods by image tag: `{ "1.2.3": 4, "1.2.4": 2 }`. */
  readonly byVersion: Readonly<Record<string, number>>;
}

/** Somebody who watches pods and Deployments of a namespace from outside. */
export interface RollingWatcher {
  readonly pods: readonly SeenPods[];
  /** `status.availableReplicas` of every event of the namespace's Deployments. */
  readonly available: readonly { readonly at: number; readonly count: number }[];
  /** Resolves with the first event at or after `from` (wall ms) that is as wanted. */
  waitFor(what: string, wanted: (seen: SeenPods) => boolean, from?: number): Promise<SeenPods>;
  stop(): void;
}

interface Watched {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly containers?: readonly { readonly image: string }[] };
  readonly status?: {
    readonly availableReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Watches from now on; first the objects that are there. */
export function watchRolling(plane: ControlPlane, namespace: string): RollingWatcher {
  const alive = new Map<string, Watched>();
  const pods: SeenPods[] = [];
  const available: { at: number; count: number }[] = [];
  const stopPods = watch(plane, `/api/v1/namespaces/${namespace}/pods`, (type, pod) => {
    if (type === "DELETED" || pod.metadata.deletionTimestamp !== undefined) alive.delete(pod.metadata.name);
    else alive.set(pod.metadata.name, pod);
    pods.push(seenOf([...alive.values()]));
  });
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const stopDeployments = watch(plane, path, (_type, { status }) => {
    available.push({ at: Date.now(), count: status?.availableReplicas ?? 0 });
  });
  return {
    pods,
    available,
    waitFor: async (what, wanted, from = 0) => {
      const find = () => pods.find((seen) => seen.at >= from && wanted(seen));
      await waitUntil({ what, timeoutMs: 300_000, pollMs: 10, ready: async () => find() !== undefined });
      return find() as SeenPods;
    },
    stop: () => {
      stopPods();
      stopDeployments();
    },
  };
}

function seenOf(all: readonly Watched[]): SeenPods {
  const ready = all.filter(({ status }) =>
    status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True"),
  );
  const byVersion: Record<string, number> = {};
  for (const { spec } of ready) {
    const version = spec.containers?.[0]?.image.split(":").at(-1) ?? "";
    byVersion[version] = (byVersion[version] ?? 0) + 1;
  }
  return { at: Date.now(), pods: all.length, ready: ready.length, byVersion };
}

/** One connection for the length of a test: an API server ends a watch after half an hour at the earliest. */
function watch(plane: ControlPlane, path: string, on: (type: string, object: Watched) => void): () => void {
  const agent = new Agent({ ca: readFileSync(plane.caFile) });
  const headers = { authorization: `Bearer ${plane.token}`, accept: "application/json" };
  const outgoing = request(new URL(`${path}?watch=true`, plane.server), { agent, headers }, (response) => {
    const lines = createInterface({ input: response });
    // Cut off by `stop`, or by the end of the API server.
    lines.on("error", () => {});
    lines.on("line", (line) => {
      const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: Watched };
      on(type, object);
    });
  });
  outgoing.on("error", () => {});
  outgoing.end();
  return () => {
    outgoing.destroy();
    agent.destroy();
  };
}

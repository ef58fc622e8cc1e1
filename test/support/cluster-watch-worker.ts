import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { SeenWeight, WatchTarget } from "./cluster-watch.ts";

// A watch without a client library: each line is an event, stamped as it arrives.

interface RouteEvent {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly generation: number; readonly resourceVersion: string };
    readonly spec?: {
      readonly rules?: readonly { readonly backendRefs?: readonly { name: string; weight?: number }[] }[];
    };
  };
}

const target = workerData as WatchTarget;
const agent = new Agent({ ca: readFileSync(target.caFile), keepAlive: true });
let resourceVersion: string | undefined;
let generation = -1;

function onLine(line: string): void {
  const at = Date.now();
  const { type, object } = JSON.parse(line) as RouteEvent;
  if (type === "ERROR") {
    resourceVersion = undefined;
    return;
  }
  resourceVersion = object.metadata.resourceVersion;
  // A status adds nothing; a new generation is a new spec.
  if (type === "DELETED" || object.metadata.generation === generation) return;
  generation = object.metadata.generation;
  const backends = object.spec?.rules?.[0]?.backendRefs ?? [];
  const weight = backends.find(({ name }) => name === target.candidate)?.weight ?? 0;
  const sum = backends.reduce((total, backend) => total + (backend.weight ?? 1), 0);
  parentPort?.postMessage({ at, generation, weight, sum } satisfies SeenWeight);
}

/** One connection, until the server ends it. Going on from the last version seen, the next misses nothing. */
function watchOnce(): Promise<void> {
  const url = new URL(
    `/apis/gateway.networking.k8s.io/v1/namespaces/${target.namespace}/httproutes`,
    target.server,
  );
  url.searchParams.set("watch", "true");
  url.searchParams.set("fieldSelector", `metadata.name=${target.route}`);
  if (resourceVersion !== undefined) url.searchParams.set("resourceVersion", resourceVersion);
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${target.token}`, accept: "application/json" };
    const outgoing = request(url, { agent, headers }, (response) => {
      createInterface({ input: response }).on("line", onLine).once("close", resolve);
    });
    outgoing.once("error", () => resolve());
    outgoing.end();
  });
}

for (;;) {
  await watchOnce();
  await sleep(20);
}

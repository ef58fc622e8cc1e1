import { parseFault } from "../../../src/sandbox/faults.ts";
import type { Manifest, ObjectRef } from "../../../src/sandbox/manifest.ts";
import { createSandbox, type Sandbox } from "../../../src/sandbox/sandbox.ts";

/** A full minute, so that bins and times are easy to read. */
export const START_MS = Date.UTC(2026, 0, 5, 9, 0, 0);
export const SECOND = 1_000;
export const MINUTE = 60_000;

export const names = {
  namespace: "atp",
  route: "ingestion",
  stable: "ingestion",
  candidate: "ingestion-canary",
};

export type Side = "stable" | "canary";

const nameOf = (side: Side): string => (side === "stable" ? names.stable : names.candidate);

export function ref(kind: string, name: string): ObjectRef {
  return { kind, namespace: names.namespace, name };
}

/** A Deployment as the guide sets it, with its pods ready 15 s after they were made. */
export function deployment(
  side: Side,
  more: { replicas?: number; image?: string; spec?: Manifest } = {},
): Manifest {
  const labels = { app: "ingestion", version: side };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: nameOf(side), namespace: names.namespace },
    spec: {
      replicas: more.replicas ?? 1,
      minReadySeconds: 30,
      progressDeadlineSeconds: 600,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: "app",
              image: more.image ?? "atp/ingestion:1.0.0",
              readinessProbe: { httpGet: { path: "/health/ready", port: 8080 }, initialDelaySeconds: 10 },
            },
          ],
        },
      },
      ...more.spec,
    },
  };
}

export function service(side: Side): Manifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: nameOf(side), namespace: names.namespace },
    spec: { selector: { app: "ingestion", version: side }, ports: [{ port: 8080 }] },
  };
}

/** One rule over the two Services; without a candidate's weight over stable's alone. */
export function route(stable: number, candidate?: number): Manifest {
  const backend = (name: string, weight: number): Manifest => ({ name, port: 8080, weight });
  const backendRefs = [backend(names.stable, stable)];
  if (candidate !== undefined) backendRefs.push(backend(names.candidate, candidate));
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: names.route, namespace: names.namespace },
    spec: { rules: [{ backendRefs }] },
  };
}

/** A sandbox with both sides ready and all the traffic on stable, one minute after its start. */
export async function canaryWorld(
  options: { faults?: readonly string[]; seed?: number; rps?: number; startMs?: number } = {},
): Promise<Sandbox> {
  const { seed = 7, startMs = START_MS, rps } = options;
  const faults = (options.faults ?? []).map(parseFault);
  const sandbox = createSandbox({ seed, startMs, faults, ...(rps === undefined ? {} : { rps }) });
  const { cloud, clock } = sandbox;
  cloud.create(service("stable"));
  cloud.create(deployment("stable", { replicas: 6 }));
  await cloud.awaitLive(ref("Deployment", names.stable), 10 * MINUTE);
  cloud.create(route(100));
  cloud.create(service("canary"));
  cloud.create(deployment("canary", { image: "atp/ingestion:1.1.0" }));
  await cloud.awaitLive(ref("Deployment", names.candidate), 10 * MINUTE);
  cloud.update(route(100, 0));
  await clock.advance(startMs + 2 * MINUTE - clock.now());
  return sandbox;
}

/** Moves the traffic as an update would, and lets the router take it on. */
export async function shift(sandbox: Sandbox, exposure: number): Promise<void> {
  sandbox.cloud.update(route(100 - exposure, exposure));
  await sandbox.clock.advance(SECOND);
}

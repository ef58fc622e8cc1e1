import { z } from "zod";
import type { Release } from "../types/release.ts";

const exposure = z.number().min(0).max(100);
const probe = z.object({
  path: z.string(),
  initialDelaySeconds: z.number(),
  periodSeconds: z.number(),
  failureThreshold: z.number(),
});
const envVar = z.union([
  z.object({ name: z.string(), value: z.string() }),
  z.object({
    name: z.string(),
    secretRef: z.object({
      name: z.string(),
      key: z.string(),
      version: z.string().exactOptional(),
    }),
  }),
]);
const texts = z.record(z.string(), z.string());
const nodes = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal("nodes"),
  kubernetesVersion: z.string(),
  nodeImage: z.string().exactOptional(),
  pools: z.record(z.string(), z.object({ azureName: z.string(), vmSize: z.string(), osSku: z.string() })),
});
const service = z.object({
  schemaVersion: z.literal(1),
  image: z.string(),
  port: z.number(),
  env: z.array(envVar),
  config: texts,
  readiness: probe,
  liveness: probe,
  resources: z.object({ requests: texts, limits: texts }),
});
const names = z.array(z.string());
// A stack's outputs may drop null.
const variant = z.object({ name: z.string(), value: z.unknown().default(null) });
const flag = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal("flag"),
  id: z.string(),
  description: z.string(),
  by: z.enum(["targeting", "variant", "percentage"]),
  beta: z.object({
    users: names,
    groups: z.array(z.object({ name: z.string(), percentage: exposure })),
  }),
  exclude: z.object({ users: names, groups: names }),
  variants: z.object({ on: variant, off: variant }).exactOptional(),
  telemetry: z.boolean(),
});
const snapshot = z.object({
  version: z.string(),
  identity: z.string(),
  workload: z.union([service, nodes, flag]),
});

const release = z.object({
  schemaVersion: z.literal(1),
  stable: snapshot,
  candidate: snapshot.exactOptional(),
  exposure,
  previousExposure: exposure,
  step: z.string(),
  rollout: z
    .object({
      baselineStep: z.string(),
      baselinePreviousExposure: exposure,
      stableReplicas: z.int().min(0),
    })
    .exactOptional(),
});

/** The record as it stands in a stack's output `release`; unknown members are dropped. */
export const releaseSchema: z.ZodType<Release> = release.extend({ flag: release.exactOptional() });

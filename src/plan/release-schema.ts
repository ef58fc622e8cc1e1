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
const snapshot = z.object({
  version: z.string(),
  identity: z.string(),
  workload: z.union([service, nodes]),
});

/** The record as it stands in a stack's output `release`; unknown members are dropped. */
export const releaseSchema: z.ZodType<Release> = z.object({
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

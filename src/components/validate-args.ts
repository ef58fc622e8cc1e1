import { Output } from "@pulumi/pulumi";
import { z } from "zod";
import { configError, type Issue } from "../errors/errors.ts";
import type { EnvVar, WorkloadSpec } from "../types/workload.ts";
import { routeIssues } from "./render/route-args.ts";
import type { WorkloadArgs } from "./workload-args.ts";
import { livenessDefaults, readinessDefaults, rollingDefaults } from "./workload-defaults.ts";

/** The plain part of the arguments, complete. */
export interface WorkloadSettings {
  readonly workload: WorkloadSpec;
  readonly replicas: number;
  readonly rolling: {
    readonly maxSurge: number;
    readonly maxUnavailable: number;
    readonly minReadySeconds: number;
    readonly progressDeadlineSeconds: number;
  };
  readonly hpa?: { readonly min: number; readonly max: number; readonly cpuPercent: number };
  readonly pdb?: { readonly minAvailable: number | string };
}

const count = z.int().min(1);
const probe = z.strictObject({
  path: z.string().startsWith("/").optional(),
  initialDelaySeconds: z.int().min(0).optional(),
  periodSeconds: count.optional(),
  failureThreshold: count.optional(),
});
const secretVariable = z.strictObject({
  secretRef: z.strictObject({
    name: z.string().min(1),
    key: z.string().min(1),
    version: z.string().min(1).optional(),
  }),
});
const quantities = z.record(z.string(), z.string());
const imageRule = "must be an image without a tag, or one pinned by digest (name@sha256:…)";
const plainArgs = z.strictObject({
  version: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, "must be usable as an image tag"),
  image: z.string().min(1).refine(hasNoTag, imageRule),
  port: z.int().min(1).max(65_535),
  replicas: count,
  env: z.record(z.string().min(1), z.union([z.string(), secretVariable])).optional(),
  config: z.record(z.string().min(1), z.string()).optional(),
  readiness: probe.optional(),
  liveness: probe.optional(),
  resources: z.strictObject({ requests: quantities.optional(), limits: quantities.optional() }).optional(),
  rolling: z
    .strictObject({
      maxSurge: z.int().min(0).optional(),
      maxUnavailable: z.int().min(0).optional(),
      minReadySeconds: z.int().min(0).optional(),
      progressDeadlineSeconds: count.optional(),
    })
    .optional(),
  hpa: z
    .strictObject({ min: count, max: count, cpuPercent: z.int().min(1).max(100) })
    .refine((hpa) => hpa.max >= hpa.min, "max must be at least min")
    .optional(),
  pdb: z.strictObject({ minAvailable: z.union([z.int().min(0), z.string().regex(/^\d+%$/)]) }).optional(),
});

/**
 * Checks everything that must be plain data and fills in the guide's defaults. What belongs to a version can't
 * be an Output: its hash is the version's identity, and a policy has to read it in a preview.
 *
 * @throws RolloutError `config-invalid` with every problem at once
 */
export function settingsOf(component: string, args: WorkloadArgs): WorkloadSettings {
  const { rollout, namespace: _namespace, route, transform: _transform, ...plain } = args;
  const input = { version: rollout.version, ...plain };
  const promised = outputPaths(input, "");
  if (promised.length > 0) throw configError(promised.map((path) => outputIssue(component, path)));
  const parsed = plainArgs.safeParse(input);
  const unusable = routeIssues(component, route);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => zodIssue(component, issue, input));
    throw configError([...issues, ...unusable]);
  }
  if (unusable.length > 0) throw configError(unusable);
  const settings = complete(parsed.data);
  const { minReadySeconds, progressDeadlineSeconds, maxSurge, maxUnavailable } = settings.rolling;
  if (progressDeadlineSeconds <= minReadySeconds) {
    const rule = `must be more than minReadySeconds (${minReadySeconds})`;
    throw rollingIssue(component, "progressDeadlineSeconds", { received: progressDeadlineSeconds, rule });
  }
  if (maxSurge + maxUnavailable === 0) {
    const rule = "maxSurge and maxUnavailable must not both be 0";
    throw rollingIssue(component, "maxSurge", { received: 0, rule });
  }
  return settings;
}

function complete(args: z.infer<typeof plainArgs>): WorkloadSettings {
  const pinned = args.image.includes("@");
  return {
    workload: {
      schemaVersion: 1,
      image: pinned ? args.image : `${args.image}:${args.version}`,
      port: args.port,
      env: Object.entries(args.env ?? {}).map(([name, value]) => variable(name, value)),
      config: args.config ?? {},
      readiness: { ...readinessDefaults, ...defined(args.readiness) },
      liveness: { ...livenessDefaults, ...defined(args.liveness) },
      resources: {
        requests: args.resources?.requests ?? {},
        limits: args.resources?.limits ?? {},
      },
    },
    replicas: args.replicas,
    rolling: { ...rollingDefaults, ...defined(args.rolling) },
    ...(args.hpa ? { hpa: args.hpa } : {}),
    ...(args.pdb ? { pdb: args.pdb } : {}),
  };
}

function variable(name: string, value: string | z.infer<typeof secretVariable>): EnvVar {
  if (typeof value === "string") return { name, value };
  const { version, ...ref } = value.secretRef;
  return { name, secretRef: version === undefined ? ref : { ...ref, version } };
}

/** What is given: members that are undefined would overwrite a default. */
function defined<T extends object>(
  value: T | undefined,
): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(value ?? {}).filter(([, member]) => member !== undefined);
  return Object.fromEntries(given) as { readonly [K in keyof T]?: Exclude<T[K], undefined> };
}

function hasNoTag(image: string): boolean {
  return image.includes("@") || image.lastIndexOf(":") <= image.lastIndexOf("/");
}

function outputPaths(value: unknown, path: string): string[] {
  if (Output.isInstance(value) || value instanceof Promise) return [path];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, member]) =>
    outputPaths(member, path === "" ? key : `${path}.${key}`),
  );
}

function outputIssue(component: string, path: string): Issue {
  return {
    path: `${component}.${path}`,
    received: "an Output or Promise",
    rule: "must be plain data: it belongs to the version, whose identity is its hash",
    hint: path.startsWith("env.")
      ? "put the value in a Secret and name it: { secretRef: { name, key, version } }"
      : "pass the value itself, from stack config or code",
  };
}

function zodIssue(component: string, issue: z.core.$ZodIssue, input: object): Issue {
  const path = issue.path.map(String);
  const received = path.reduce<unknown>((at, key) => (Object(at) as Record<string, unknown>)[key], input);
  // Values of variables may be secrets that someone wrote in the clear: never echoed.
  const shown = path[0] === "env" || path[0] === "config" ? undefined : JSON.stringify(received);
  return {
    path: [component, ...path].join("."),
    ...(shown === undefined ? {} : { received: shown }),
    rule: issue.message,
    hint: hintOf(path[0]),
  };
}

function hintOf(argument: string | undefined): string {
  if (argument === "image") return "leave the tag out: the stack's version becomes the tag";
  if (argument === "version") return "pulumi config set version 1.2.4";
  return "see docs/components.md for the arguments and their defaults";
}

function rollingIssue(component: string, key: string, problem: { received: number; rule: string }): Error {
  return configError([
    {
      path: `${component}.rolling.${key}`,
      received: String(problem.received),
      rule: problem.rule,
      hint: "see docs/components.md for the rolling-update settings",
    },
  ]);
}

import type * as containerservice from "@pulumi/azure-native/containerservice/index.js";
import type { Input } from "@pulumi/pulumi";
import { z } from "zod";
import { configError, type Issue } from "../errors/errors.ts";
import { sha256, stableJson } from "../lib/stable-json.ts";
import type { NodeSpec } from "../types/node-pools.ts";
import type { Rollout } from "./rollout.ts";

/** One pool, by a name that stays while pools of Azure come and go. */
export interface NodePoolArgs {
  /** Size of its machines. Part of the version, as Azure can't change it in a pool that is there. */
  readonly vmSize: string;
  /** Nodes of the pool. Of an autoscaled one: what both sides keep while a rollout is under way. */
  readonly nodes: number;
  readonly autoscale?: { readonly min: number; readonly max: number };
  /** A cluster needs one `System` pool. Default `User`. */
  readonly mode?: "System" | "User";
  /** Part of the version. Default `Ubuntu`. */
  readonly osSku?: string;
  /**
   * Name of the pool in Azure for the version in service, where it is there already and is imported. Left out again with
   * the next version. Default: the pool's name and four characters of the version.
   */
  readonly azureName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `key=value:NoSchedule`. */
  readonly taints?: readonly string[];
  /** Availability zones. */
  readonly zones?: readonly string[];
}

/** Arguments of `NodePoolRollout`. */
export interface NodePoolRolloutArgs {
  /** Its version is the nodes' Kubernetes version, `1.34.2`, with the node image's date or without: `1.34.2-202511.06.0`. */
  readonly rollout: Rollout;
  readonly resourceGroup: Input<string>;
  /** Name of the managed cluster. */
  readonly cluster: Input<string>;
  /** Subnet of all nodes; default: AKS makes one. */
  readonly subnetId?: Input<string>;
  /** The pools of the policy's lever, each by its name. Plain data. */
  readonly pools: Readonly<Record<string, NodePoolArgs>>;
  /** Sees each pool that the component is about to register. Must be pure; never changes name, version and labels. */
  readonly transform?: {
    readonly agentPool?: (
      args: containerservice.AgentPoolArgs,
      pool: string,
    ) => containerservice.AgentPoolArgs;
  };
}

const count = z.int().min(1).max(1000);
const text = z.string().min(1);
const poolSchema = z.strictObject({
  vmSize: text,
  nodes: count,
  autoscale: z
    .strictObject({ min: count, max: count })
    .refine(({ min, max }) => max >= min, "max must be at least min")
    .optional(),
  mode: z.enum(["System", "User"]).optional(),
  osSku: text.optional(),
  azureName: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,11}$/, "must be a lower-case letter and at most eleven letters and digits more")
    .optional(),
  labels: z.record(text, z.string()).optional(),
  taints: z.array(text).optional(),
  zones: z.array(text).optional(),
});
const plain = z.strictObject({
  version: z
    .string()
    .regex(
      /^\d+\.\d+\.\d+(-\d{6}\.\d+\.\d+)?$/,
      "must be a whole Kubernetes version, with the node image's date or without: 1.34.2, 1.34.2-202511.06.0",
    ),
  pools: z
    .record(z.string().regex(/^[a-z][a-z0-9]{0,7}$/), poolSchema)
    .refine((pools) => Object.keys(pools).length > 0, "must have a pool"),
});

/**
 * Checks what must be plain data and makes the version's spec of it.
 *
 * @throws RolloutError `config-invalid` with every problem at once
 */
export function nodeSpecOf(component: string, { rollout, pools }: NodePoolRolloutArgs): NodeSpec {
  const input = { version: rollout.version, pools };
  const parsed = plain.safeParse(input);
  if (!parsed.success)
    throw configError(parsed.error.issues.map((issue) => issueOf(component, issue, input)));
  const [kubernetesVersion = "", nodeImage] = rollout.version.split("-");
  const shapes = Object.entries(pools).map(([name, { vmSize, osSku = "Ubuntu" }]) => ({
    name,
    vmSize,
    osSku,
  }));
  const runs = { kubernetesVersion, ...(nodeImage === undefined ? {} : { nodeImage }) };
  const suffix = sha256(stableJson({ ...runs, shapes })).slice(0, 4);
  const named = shapes.map(({ name, ...shape }) => [
    name,
    { azureName: pools[name]?.azureName ?? `${name}${suffix}`, ...shape },
  ]);
  return { schemaVersion: 1, kind: "nodes", ...runs, pools: Object.fromEntries(named) };
}

/** The policy's pools and the component's are the same, or the rollout would move what is not there. */
export function assertSamePools(component: string, own: readonly string[], policy: readonly string[]): void {
  const issues: Issue[] = [
    ...policy
      .filter((name) => !own.includes(name))
      .map((name) => ({
        path: `${component}.pools.${name}`,
        rule: "required: rollout.lever.pools names it",
        hint: "Describe the pool here, or take it out of the policy.",
      })),
    ...own
      .filter((name) => !policy.includes(name))
      .map((name) => ({
        path: "rollout.lever.pools",
        rule: `must name ${name}, which ${component} has`,
        hint: "The order of the list is the order in which pools move.",
      })),
  ];
  if (issues.length > 0) throw configError(issues);
}

function issueOf(component: string, issue: z.core.$ZodIssue, input: object): Issue {
  const path = issue.path.map(String);
  const received = path.reduce<unknown>((at, key) => (Object(at) as Record<string, unknown>)[key], input);
  const shown = JSON.stringify(received);
  return {
    path: [component, ...path].join("."),
    ...(shown === undefined ? {} : { received: shown }),
    rule: issue.message,
    hint:
      path[0] === "version" ? "pulumi config set version 1.34.2" : "docs/node-pools.md has the arguments.",
  };
}

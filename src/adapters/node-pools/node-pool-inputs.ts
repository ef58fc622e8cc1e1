import * as z from "zod";
import { checkedProps } from "../../lib/checked-props.ts";
import type { PoolServing } from "../../types/node-pools.ts";
import { surgePattern } from "./surge.ts";

/** Inputs of a `NodePoolRelease`, as the engine stores them. */
export type NodePoolInputs = PoolServing;

const text = z.string().min(1);
const schema = z.object({
  pool: text,
  build: text,
  kubernetesVersion: text,
  nodeImage: text.optional(),
  nodes: z.int().min(1),
  maxSurge: z.string().regex(surgePattern),
  drainTimeoutSeconds: z.number().min(0),
  kubeconfig: text.optional(),
  context: text.optional(),
  back: z.boolean().optional(),
});

/** The inputs among a resource's properties. Throws RolloutError `config-invalid` with every problem; no values. */
export function nodePoolInputs(props: Readonly<Record<string, unknown>>): NodePoolInputs {
  return checkedProps(schema, props, hint);
}

const hint = "Make the resource by NodePoolRollout or NodePoolRelease, which fill in what is missing.";

import * as z from "zod";
import { checkedProps } from "../../lib/checked-props.ts";
import { surgePattern } from "./surge.ts";

/** Inputs of a `NodePoolRelease`, as the engine stores them. */
export interface NodePoolInputs {
  /** The pool's lasting name. */
  readonly pool: string;
  /** The build whose nodes have to carry its pods. */
  readonly build: string;
  /** What these nodes have to run: `1.34.2`. */
  readonly kubernetesVersion: string;
  /** Date of their node image; absent: any. */
  readonly nodeImage?: string;
  /** At least so many of them Ready before a pod moves. */
  readonly nodes: number;
  readonly maxSurge: string;
  readonly drainTimeoutSeconds: number;
  readonly kubeconfig?: string;
  readonly context?: string;
  /** The way back of a revert: users first, without the checks of the way forward. */
  readonly back?: boolean;
}

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

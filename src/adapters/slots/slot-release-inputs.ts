import * as z from "zod";
import { checkedProps } from "../../lib/checked-props.ts";
import type { SlotContent } from "./stage.ts";
import type { SwapLimits } from "./swap-limits.ts";

/** Inputs of a `SlotRelease`, as the engine stores them. */
export interface SlotReleaseInputs {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly app: string;
  readonly slot: string;
  /** What production has to serve. */
  readonly production: SlotContent;
  /** What the idle slot has to hold, while there is a candidate. */
  readonly staged?: SlotContent;
  /** App settings that stay with their side. */
  readonly sticky?: Partial<Readonly<Record<"production" | "idle", Readonly<Record<string, string>>>>>;
  /** Path at which the app answers its build id; absent: the settings alone are believed. */
  readonly buildPath?: string;
  /** ARM's base URL where it is not the public cloud's. */
  readonly endpoint?: string;
  readonly limits?: Partial<SwapLimits>;
}

const text = z.string().min(1);
const content = z.object({
  buildId: text,
  linuxFxVersion: text.optional(),
  settings: z.record(z.string(), z.string()),
});
const ms = z.number().min(0).optional();
const schema = z.object({
  subscriptionId: text,
  resourceGroup: text,
  app: text,
  slot: text,
  production: content,
  staged: content.optional(),
  sticky: z
    .object({
      production: z.record(z.string(), z.string()).optional(),
      idle: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  buildPath: z.string().startsWith("/").optional(),
  endpoint: z.url().optional(),
  limits: z
    .object({ pollMs: ms, stuckMs: ms, settleMs: ms, unseenMs: ms, retries: ms, backoffMs: ms })
    .optional(),
});

/** The inputs among a resource's properties. Throws RolloutError `config-invalid` with every problem; no values. */
export function releaseInputs(props: Readonly<Record<string, unknown>>): SlotReleaseInputs {
  return checkedProps(schema, props, hint);
}

const hint = "Make the resource by BlueGreenApp or SlotRelease, which fill in what is missing.";

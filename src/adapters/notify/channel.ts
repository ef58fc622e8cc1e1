import type { Runtime } from "../../lib/runtime.ts";
import type { ChannelRef } from "../../types/communication.ts";
import type { NotifyConfig } from "../../types/notify.ts";

/** What a channel is opened with. */
export interface ChannelOptions<K extends NotifyConfig["kind"]> {
  readonly config: Extract<NotifyConfig, { readonly kind: K }>;
  readonly runtime: Runtime;
  /** Unique within the stack; default: the kind. */
  readonly name?: string;
}

/** A channel as the journal names it. */
export function refOf({
  config,
  name,
}: Pick<ChannelOptions<NotifyConfig["kind"]>, "config" | "name">): ChannelRef {
  return { name: name ?? config.kind, kind: config.kind, for: config.for ?? "all" };
}

import type { ChannelRef } from "../types/communication.ts";
import type { RolloutMessage } from "../types/message.ts";

/**
 * What became of one try: `sent`, or accepted by a service that says no more; `later`: the service is busy, down or
 * slow, and asks for `afterMs` of patience where it says so; `refused`: the same message will never be taken.
 */
export type Delivery =
  | { readonly status: "sent" }
  | { readonly status: "later"; readonly reason: string; readonly afterMs?: number }
  | { readonly status: "refused"; readonly reason: string };

/**
 * A channel. One message a call; whoever sends keeps the order and tries again. Never throws; neither a key nor the URL
 * that holds one stands in a reason. A message that comes twice is not told twice where the service can tell.
 */
export interface Notify extends ChannelRef {
  send(message: RolloutMessage, signal?: AbortSignal): Promise<Delivery>;
}

import type { WebSiteManagementClient } from "@azure/arm-appservice";
import { armFailure, operationFailure, statusOf } from "./arm-failure.ts";
import type { RunningSwap, SlotAddress, SwapProgress } from "./slots-api.ts";

/** The last answer to a request of one client. */
export interface LastAnswer {
  readonly status: number;
  /** `status` of a JSON body, lower case; ARM may say `Failed` in a 200. */
  readonly operation?: string;
  readonly message?: string;
  /** Whether it named an operation to ask. */
  readonly location: boolean;
}

/** Lets the bodies of a client's answers be seen: the SDK's poller looks only at their status. */
export function watchOperations(client: WebSiteManagementClient): () => LastAnswer | undefined {
  let last: LastAnswer | undefined;
  client.pipeline.addPolicy({
    name: "rolloutsOperationBody",
    sendRequest: async (request, next) => {
      last = undefined;
      const response = await next(request);
      last = {
        status: response.status,
        location: response.headers.has("location") || response.headers.has("azure-asyncoperation"),
        ...bodyOf(response.bodyAsText),
      };
      return response;
    },
  });
  return () => last;
}

interface SwapCall {
  /** Must not retry. */
  readonly client: WebSiteManagementClient;
  readonly address: SlotAddress;
  readonly lastAnswer: () => LastAnswer | undefined;
}

/**
 * Sends the swap once. The poller that the SDK gives is asked step by step, because awaiting it would throw on a 204
 * and pass on a 200 that says `Failed`.
 */
export async function startSwap(call: SwapCall, signal?: AbortSignal): Promise<RunningSwap> {
  const { client, address, lastAnswer } = call;
  const { restorePoller } = await import("@azure/arm-appservice");
  const { resourceGroup, app, slot } = address;
  const body = { targetSlot: "production", preserveVnet: true };
  const options = signal === undefined ? {} : { abortSignal: signal };
  let poller = client.webApps.swapSlot(resourceGroup, app, slot, body, options);
  await poller.submitted();
  const first = lastAnswer();
  const tracked = first?.location ?? false;
  const refused = failedBody(first);
  const serialized = await poller.serialize();
  return {
    tracked,
    poll: async (pollSignal) => {
      if (refused !== undefined) return refused;
      if (!tracked) return { status: first?.status === 202 ? "running" : "ended" };
      try {
        const state = await poller.poll(pollSignal === undefined ? {} : { abortSignal: pollSignal });
        return failedBody(lastAnswer()) ?? { status: state.status === "succeeded" ? "ended" : "running" };
      } catch (error) {
        pollSignal?.throwIfAborted();
        const progress = progressOf(error);
        // The poller does not outlive an error; one made of the same state asks the same operation.
        if (progress.status === "running") {
          poller = restorePoller(client, serialized, client.webApps.swapSlot);
        }
        return progress;
      }
    },
  };
}

/** 204 and a forgotten operation are its end; trouble on the way to ARM says nothing; the rest is ARM's verdict. */
function progressOf(error: unknown): SwapProgress {
  const status = statusOf(error);
  if (status === 204 || status === 404) return { status: "ended" };
  const failure = armFailure(error);
  if (failure.kind === "unknown" || failure.kind === "throttled") return { status: "running" };
  return { status: "failed", failure };
}

function failedBody(answer: LastAnswer | undefined): SwapProgress | undefined {
  if (answer?.operation !== "failed" && answer?.operation !== "canceled") return undefined;
  return {
    status: "failed",
    failure: operationFailure(answer.message ?? `the operation ${answer.operation}`),
  };
}

function bodyOf(text: string | null | undefined): Pick<LastAnswer, "operation" | "message"> {
  if (!text) return {};
  try {
    const { status, error } = Object(JSON.parse(text));
    const message: unknown = Object(error).message;
    return {
      ...(typeof status === "string" ? { operation: status.toLowerCase() } : {}),
      ...(typeof message === "string" ? { message } : {}),
    };
  } catch {
    return {};
  }
}

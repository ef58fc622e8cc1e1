import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import type { SiteReading } from "./slots-api.ts";

const site = z.looseObject({
  defaultHostName: z.string().min(1),
  slotSwapStatus: z
    .looseObject({ timestampUtc: z.date().nullish(), sourceSlotName: z.string().nullish() })
    .nullish(),
  inProgressOperationId: z.string().nullish(),
  targetSwapSlot: z.string().nullish(),
});

/** The part of ARM's site that a swap rests on. Throws RolloutError `arm-answer` where it is not what ARM promises. */
export function readingOf(answer: unknown, what: string): SiteReading {
  const parsed = site.safeParse(answer);
  if (!parsed.success) {
    throw new RolloutError(`${what} is not what ARM promises: ${z.prettifyError(parsed.error)}.`, {
      code: "arm-answer",
      exit: "resource",
      hint: "Check subscription, resource group, app and slot of the rollout.",
    });
  }
  const { defaultHostName, slotSwapStatus, inProgressOperationId, targetSwapSlot } = parsed.data;
  const at = slotSwapStatus?.timestampUtc;
  return {
    hostName: defaultHostName,
    ...(at ? { lastSwap: { atMs: at.getTime(), source: slotSwapStatus?.sourceSlotName ?? "" } } : {}),
    ...(inProgressOperationId ? { operationId: inProgressOperationId } : {}),
    ...(targetSwapSlot ? { preparedWith: targetSwapSlot } : {}),
  };
}

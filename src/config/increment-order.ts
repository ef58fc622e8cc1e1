import type { Issue } from "../errors/errors.ts";
import { isObject } from "./json.ts";
import { receivedText } from "./received.ts";

interface Entry {
  readonly path: string;
  readonly exposure: number;
}

/** For the reference. */
export const incrementOrderSays = "Increments ascend strictly, and the last one is 100.";

/**
 * Order of the increments, judged on what was written, so that it speaks also where other entries are broken:
 * only the exposures that are numbers in range are compared.
 */
export function incrementOrder(increments: unknown): readonly Issue[] {
  if (!Array.isArray(increments)) return [];
  const entries = increments.map(entryOf);
  const valid = entries.filter((entry) => entry !== undefined);
  const falling = valid.flatMap((entry, index) => {
    const before = valid[index - 1];
    return before !== undefined && entry.exposure <= before.exposure ? [notAbove(entry, before)] : [];
  });
  const last = entries.at(-1);
  if (last === undefined || last.exposure === 100) return falling;
  // A last entry that also falls is mended by one change: the order has said it.
  if (falling.some(({ path }) => path === last.path)) return falling;
  return [
    ...falling,
    {
      path: last.path,
      received: String(last.exposure),
      rule: "the last increment is 100",
      hint: `Add 100 after ${last.exposure}: a rollout ends with everybody.`,
    },
  ];
}

function entryOf(item: unknown, index: number): Entry | undefined {
  const exposure = isObject(item) ? item["exposure"] : item;
  if (typeof exposure !== "number" || !Number.isInteger(exposure) || exposure < 1 || exposure > 100)
    return undefined;
  return { path: `rollout.increments[${index}]${isObject(item) ? ".exposure" : ""}`, exposure };
}

function notAbove(entry: Entry, before: Entry): Issue {
  const received = receivedText(entry.exposure, { hidden: false });
  return {
    path: entry.path,
    ...(received === undefined ? {} : { received }),
    rule: `more than the increment before it, ${before.exposure}`,
    hint: "Increments ascend strictly, like [5, 20, 50, 100].",
  };
}

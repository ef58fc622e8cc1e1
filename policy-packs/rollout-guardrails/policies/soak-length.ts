import * as z from "zod";
import { presets } from "../../../src/config/presets.ts";
import { stackRule } from "../lib/define.ts";
import { checkPolicy } from "../lib/in-stack.ts";

/** A short look finds what a short look can find. */
export const soakLength = stackRule({
  name: "soak-length",
  description: "Each increment is watched for at least as long as the guide asks of its environment.",
  level: "mandatory",
  parameters: z.object({
    /** Seconds; absent: those of the environment. */
    soakSeconds: z.number().int().min(0).optional(),
  }),
  *check(seen) {
    yield* checkPolicy(seen, function* ({ preset, increments }) {
      const least = seen.parameters.soakSeconds ?? presets[preset].soakSeconds;
      for (const { exposure, soakSeconds } of increments) {
        if (soakSeconds >= least) continue;
        yield {
          what: `the increment of ${exposure} % is watched for ${soakSeconds} s, and a ${preset} rollout for at least ${least} s`,
          hint: `Write rollout.soak: ${least}s, or leave it out.`,
        };
      }
    });
  },
});

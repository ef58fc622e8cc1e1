import * as z from "zod";
import { environmentOf } from "../../../src/plan/matrix.ts";
import { environmentRows } from "../../../src/plan/matrix-data.ts";
import { stackRule } from "../lib/define.ts";
import { checkPolicy } from "../lib/in-stack.ts";

/** Who has to agree, by the guide's table of environments. */
export const approvals = stackRule({
  name: "approvals",
  description: "A stack asks for as many approvers, and for the CAB, as the guide asks of its environment.",
  level: "mandatory",
  parameters: z.object({
    /** Absent: those of the environment. */
    required: z.number().int().min(0).optional(),
    /** Absent: as the environment asks. */
    cab: z.boolean().optional(),
  }),
  *check(seen) {
    yield* checkPolicy(seen, function* ({ preset, approvals: asked }) {
      const row = environmentRows[preset === "hotfix" ? "hotfix" : environmentOf(preset)].approvals;
      const { required = row.required, cab = row.cab } = seen.parameters;
      if (asked.required < required)
        yield {
          what: `rollout.approvals.required is ${asked.required}, and a ${preset} rollout takes ${required}`,
          hint: "Leave it out. Where the pipeline alone asks people, make this rule advisory: rollout.guardrails.rules.",
        };
      if (cab && !asked.cab)
        yield {
          what: `rollout.approvals.cab is false, and a ${preset} rollout takes the advisory board's change`,
          hint: "Leave it out. Where the pipeline alone asks the board, make this rule advisory: rollout.guardrails.rules.",
        };
    });
  },
});

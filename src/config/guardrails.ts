import * as z from "zod";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { key } from "./leaves.ts";
import type { WrittenConfig } from "./schema.ts";
import type { Picker } from "./settings.ts";

const levels = ["advisory", "mandatory", "disabled"] as const;

const level = key(z.enum(levels), {
  what: "What the rule does when it finds something.",
  rule: `one of ${levels.join(", ")}`,
  hint: "Write advisory to hear of it, and mandatory to be stopped by it.",
  words: levels,
});

/** Policy packs on each step. */
export const guardrailsSchema = key(
  z.union([
    z.literal(false),
    z.strictObject({
      rules: key(
        z.record(
          z.string().regex(/^[a-z][a-z0-9-]*$/),
          z.union([level, z.looseObject({ enforcementLevel: level.optional() })]),
        ),
        {
          what: "Levels and parameters of single rules: docs/guardrails.md names them.",
          rule: "levels by a rule's name, or objects with enforcementLevel and the rule's parameters",
          hint: "Write { approvals: advisory, soak-length: { soakSeconds: 600 } }.",
          fallback: "{}",
        },
      ).optional(),
      packs: key(z.array(z.string().min(1)), {
        what: "Policy packs of one's own beside it, executable files or folders.",
        rule: "a list of paths",
        hint: "Write [policy-packs/ours/pack.ts].",
        fallback: "[]",
      }).optional(),
    }),
  ]),
  {
    what: "What judges each step in its preview, or false.",
    rule: "an object with rules or packs, or false",
    hint: "Write { rules: { approvals: advisory } }.",
    fallback: "preset",
  },
);

/** On wherever somebody else than its author meets the version. */
export function pickGuardrails(written: WrittenConfig, pick: Picker): Pick<EnvironmentPolicy, "guardrails"> {
  const { guardrails, preset } = written;
  if (guardrails === false || (guardrails === undefined && preset === "development")) return {};
  const { rules, packs } = guardrails ?? {};
  return {
    guardrails: {
      rules: pick("guardrails.rules", rules, { from: "default", value: {} }),
      packs: pick("guardrails.packs", packs, { from: "default", value: [] }),
    },
  };
}

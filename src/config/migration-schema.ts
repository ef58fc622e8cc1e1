import * as z from "zod";
import { dnsLabel, duration, key, text } from "./leaves.ts";

const action = z.strictObject({
  run: key(z.array(key(z.string(), { what: "A word.", rule: "a text", hint: 'Quote it: "5".' })).min(1), {
    what: "A command and its arguments, started without a shell in the project's folder: exit code 0 is done. It finds its last `checkpoint: <text>` in CHECKPOINT.",
    rule: "a list of at least one text",
    hint: "Write [npm, run, migrate].",
    absent: "the action is a deploy",
  }).optional(),
  timeout: duration(
    { min: "1s", max: "168h" },
    { what: "Time limit of the command.", fallback: "24h" },
  ).optional(),
  deploy: text({
    what: "A version, taken there under the stack's own strategy, gates and approvals.",
    absent: "the action is a command",
    example: '"2.0.0"',
  }).optional(),
});

const actions = (texts: { readonly what: string; readonly absent?: string }) =>
  key(z.array(action), {
    ...texts,
    rule: "a list of actions, each with run or deploy",
    hint: "Write [{ run: [npm, run, migrate] }] or [{ deploy: 2.0.0 }].",
  });

/** One phase. All five share it, so that the reference shows it once. */
const phase = z.strictObject({
  do: actions({ what: "What it does, in order. Each action may be repeated, and is after a crash." }),
  undo: actions({
    what: "Its way back, in order; [] where what was added harms nobody.",
    absent: "either it or `irreversible`",
  }).optional(),
  irreversible: text({
    what: "In place of `undo`: why there is no way back.",
    absent: "there is one",
    example: "it drops the old column",
  }).optional(),
});

const phaseOf = (what: string) =>
  key(phase, {
    what,
    rule: "an object with do, and undo or irreversible",
    hint: "Write { do: [{ deploy: 2.0.0 }], undo: [{ deploy: 1.0.0 }] }.",
  });

const failures = ["revert", "freeze"] as const;

/** A schema migration in five phases. What must hold between them is a rule. */
export const migrationSchema = z.strictObject({
  id: dnsLabel({ what: "Names it in records and messages.", example: "orders-total-cents" }),
  phases: z.strictObject({
    expand: phaseOf("Adds the new column, with a default value."),
    "dual-write": phaseOf("Brings the version that writes both columns."),
    backfill: phaseOf("Fills the new column."),
    "switch-reads": phaseOf("Brings the version that reads the new column, and still writes both."),
    contract: phaseOf("Weeks later: brings the version without the old column, then removes it."),
  }),
  onFailure: key(z.enum(failures), {
    what: "What a failed phase leads to: its way back at once, or it stays until a person has looked.",
    rule: `one of ${failures.join(", ")}`,
    hint: "Write freeze to look first.",
    words: failures,
    fallback: "revert",
  }).optional(),
  contractAfter: duration(
    { min: "0s", max: "4368h" },
    { what: "How long reads have to be switched before `contract`.", fallback: "336h" },
  ).optional(),
  testedIn: key(z.array(z.string().regex(/^[\w.-]+$/)), {
    what: "Stacks of the same project whose journals have to show each way back before this stack goes over its phase.",
    rule: "a list of stack names",
    hint: "Write [staging], or [] to ask none.",
    absent: "those of `promotedIn`",
  }).optional(),
  testedWithin: duration(
    { min: "1h", max: "4368h" },
    { what: "For how long a way back that ran there counts.", fallback: "336h" },
  ).optional(),
});

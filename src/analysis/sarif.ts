import * as z from "zod";
import type { EvidenceAnswer } from "../types/evidence.ts";

/** From here on a score is critical: CVSS 3.1 section 5, and so GitHub's code scanning, CodeQL and Trivy. */
const criticalFrom = 9;

const properties = z.looseObject({ "security-severity": z.union([z.string(), z.number()]).optional() });
const level = z.enum(["none", "note", "warning", "error"]);

const rule = z.looseObject({
  id: z.string(),
  properties: properties.optional(),
  defaultConfiguration: z.looseObject({ level: level.optional() }).optional(),
});

const component = z.looseObject({ name: z.string(), rules: z.array(rule).optional() });

const result = z.looseObject({
  ruleId: z.string().optional(),
  ruleIndex: z.number().int().optional(),
  rule: z
    .looseObject({
      id: z.string().optional(),
      index: z.number().int().optional(),
      toolComponent: z.looseObject({ index: z.number().int().optional() }).optional(),
    })
    .optional(),
  kind: z.string().optional(),
  level: level.optional(),
  baselineState: z.string().optional(),
  suppressions: z.array(z.looseObject({ status: z.string().optional() })).optional(),
  properties: properties.optional(),
});

const run = z.looseObject({
  tool: z.looseObject({ driver: component, extensions: z.array(component).optional() }),
  invocations: z
    .array(z.looseObject({ executionSuccessful: z.boolean().optional(), endTimeUtc: z.string().optional() }))
    .optional(),
  results: z.array(result).nullish(),
});

const log = z.looseObject({ version: z.literal("2.1.0"), runs: z.array(run) });

type Run = z.infer<typeof run>;
type Result = z.infer<typeof result>;

/**
 * What a SARIF 2.1.0 file says of a scan: met where nothing critical is in it. Critical is a `security-severity` from
 * 9.0 on, of the result or its rule; where there is no score, the level `error`, which is the worst that the format
 * has. Suppressed results don't count, nor do those that are gone. A file without runs, a run without results (it
 * looked for nothing) or one that failed proves nothing. `fileMs`: when it was written, for runs without an end. Pure.
 */
export function readSarif(text: string, fileMs: number): EvidenceAnswer {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return { status: "error", message: "the file is no JSON" };
  }
  const parsed = log.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") || "the file";
    return { status: "error", message: `the file is no SARIF 2.1.0: ${where} (${issue?.message ?? ""})` };
  }
  return judgeRuns(parsed.data.runs, fileMs);
}

function judgeRuns(runs: readonly Run[], fileMs: number): EvidenceAnswer {
  if (runs.length === 0) return { status: "empty", message: "the file has no run" };
  const tools = runs.map(({ tool }) => tool.driver.name).join(", ");
  const broken = runs.flatMap(troubleOf);
  if (broken.length > 0) return { status: "error", message: broken.join("; ") };
  const critical = runs.flatMap((one) =>
    (one.results ?? [])
      .filter((found) => counts(found) && isCritical(found, one))
      .map((found) => idOf(found, one)),
  );
  const atMs = Math.min(...runs.map((one) => endOf(one, fileMs)));
  const names = [...new Set(critical)];
  const shown = names.slice(0, 5).join(", ");
  const rest = names.length > 5 ? " and more" : "";
  const message =
    critical.length === 0
      ? `${tools}: nothing critical`
      : `${tools}: ${critical.length} critical (${shown}${rest})`;
  return { status: "value", met: critical.length === 0, message, atMs };
}

function troubleOf({ tool, invocations = [], results }: Run): readonly string[] {
  const { name } = tool.driver;
  if (invocations.some(({ executionSuccessful }) => executionSuccessful === false))
    return [`the scan of ${name} did not succeed`];
  if (invocations.some(({ endTimeUtc }) => endTimeUtc !== undefined && Number.isNaN(Date.parse(endTimeUtc))))
    return [`the scan of ${name} ends at no time`];
  return results === undefined || results === null
    ? [`the run of ${name} has no results: it looked for none`]
    : [];
}

function endOf({ invocations = [] }: Run, fileMs: number): number {
  const ends = invocations.flatMap(({ endTimeUtc }) =>
    endTimeUtc === undefined ? [] : [Date.parse(endTimeUtc)],
  );
  return ends.length === 0 ? fileMs : Math.max(...ends);
}

/** SARIF 2.1.0, 3.27.23: suppressed where none of its suppressions is rejected or still under review. */
function counts({ kind = "fail", baselineState, suppressions = [] }: Result): boolean {
  const suppressed =
    suppressions.length > 0 && suppressions.every(({ status = "accepted" }) => status === "accepted");
  return kind === "fail" && baselineState !== "absent" && !suppressed;
}

function isCritical(found: Result, of: Run): boolean {
  const rule = ruleOf(found, of);
  const score = scoreOf(found.properties) ?? scoreOf(rule?.properties);
  if (score !== undefined) return score >= criticalFrom;
  return (found.level ?? rule?.defaultConfiguration?.level ?? "warning") === "error";
}

/** Undefined: there is none. As GitHub reads it, 0 and what lies outside of the scale is no score either. */
function scoreOf(bag: z.infer<typeof properties> | undefined): number | undefined {
  const written = bag?.["security-severity"];
  if (written === undefined || String(written).trim() === "") return undefined;
  const score = Number(written);
  return score > 0 && score <= 10 ? score : undefined;
}

function ruleOf(found: Result, { tool }: Run): z.infer<typeof rule> | undefined {
  const { index: extension } = found.rule?.toolComponent ?? {};
  const own = extension === undefined ? tool.driver : tool.extensions?.[extension];
  const index = found.ruleIndex ?? found.rule?.index ?? -1;
  const byIndex = index < 0 ? undefined : own?.rules?.[index];
  if (byIndex !== undefined) return byIndex;
  const id = found.ruleId ?? found.rule?.id;
  const all = [tool.driver, ...(tool.extensions ?? [])].flatMap(({ rules = [] }) => rules);
  // A result may name a rule below another: CA1000/1.
  return all.find((one) => one.id === id) ?? all.find((one) => id?.startsWith(`${one.id}/`));
}

function idOf(found: Result, of: Run): string {
  return found.ruleId ?? found.rule?.id ?? ruleOf(found, of)?.id ?? "a result without a rule";
}

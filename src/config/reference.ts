import * as z from "zod";
import { writeDuration } from "../lib/duration.ts";
import { incrementOrderSays } from "./increment-order.ts";
import { plannedKinds } from "./kinds.ts";
import type { KeyFacts } from "./leaves.ts";
import { gatesOf, type Preset, type PresetGates, type PresetName, presets } from "./presets.ts";
import { rules } from "./rules.ts";
import { writtenSchema } from "./schema.ts";
import { bare, factsOf, kindOf } from "./walk.ts";

type Schema = z.core.$ZodType;

/** docs/configuration.md, written from the schema, the presets and the rules, so that it can't drift from them. */
export function renderReference(): string {
  const sections = [
    intro,
    `## Presets\n\n${presetTable()}`,
    `## Keys\n\n${table(["Key", "What", "Value", "Default"], keyRows(writtenSchema, ""))}`,
    ...kindSections(),
    `## Rules over several keys\n\n${[incrementOrderSays, ...rules.map(({ says }) => says)].map((says) => `- ${says}`).join("\n")}`,
    `## Not built yet\n\n${notBuilt()}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

const intro = `# Configuration

<!-- Written by src/config/reference.ts. To renew it: npx vitest run --project fast test/unit/config -u -->

A stack's rollout stands under \`<project>:rollout\` in \`Pulumi.<stack>.yaml\`; the version that should run under \`<project>:version\`. \`preset\` and \`service\` are enough where nothing is watched; a canary names its metrics, health URLs and lever too, and production what watches its levels.

\`\`\`yaml
config:
  atp:version: 1.2.4
  atp:rollout:
    preset: production
    service: atp-ingestion
    increments: [10, 40, 100] # the preset says 5, 20, 50, 100
    gates: { errorRate: "0.5%" }
    metrics:
      kind: prometheus
      url: http://prometheus.monitoring:9090
      cohort: { stable: stable, candidate: canary }
    health:
      kind: http
      candidate: [http://atp-ingestion-canary.atp-prod/health/ready]
      stable: [http://atp-ingestion.atp-prod/health/ready]
    lever: { kind: http-route, namespace: atp-prod }
    watch:
      dbPool: { kind: none, reason: the service has no database }
      queue: { kind: azure-metrics, resourceId: /subscriptions/…/namespaces/atp-bus, metric: ActiveMessages }
      memory: { kind: prometheus, url: http://prometheus.monitoring:9090, query: 100 * max(memory_used / memory_limit) }
\`\`\`

What is not written comes from the preset, then from the defaults below; \`rollouts plan\` shows each value with its origin. Unknown keys are refused, and every problem of a file is reported at once.

Durations carry their units: \`15m\`, \`90s\`, \`1h30m\`, \`500ms\`; a bare number is refused. Shares carry their sign: \`1%\`. A limit is breached by a value strictly greater than it.`;

function presetTable(): string {
  const rows = Object.entries(presets).map(([name, preset]) => [
    `\`${name}\``,
    preset.strategy,
    preset.exposures.join(" / "),
    preset.soakSeconds === 0 ? "none" : writeDuration(preset.soakSeconds),
    `${preset.approvals.required}${preset.approvals.cab ? " + CAB" : ""}`,
    startsWhen(preset),
    preset.soakSeconds === 0 ? "nothing: by hand" : goesBackOn(gatesOf(name as PresetName)),
  ]);
  const head = ["`preset`", "`strategy`", "`increments`", "`soak`", "`approvals`", "starts", "goes back on"];
  return table(head, rows);
}

function startsWhen({ windows, promotedIn }: Preset): string {
  const closed = windows?.rules.map(({ from, to }) => `not ${from} - ${to} ${windows.zone}`) ?? [];
  const { stacks, withinDays } = promotedIn;
  const before = stacks.length === 0 ? [] : [`after ${stacks.join(" and ")}, ${withinDays} days at most`];
  const terms = [...closed, ...before];
  return terms.length === 0 ? "at any time" : terms.join("; ");
}

function goesBackOn({ errorRate, exceptions, minRequests }: PresetGates): string {
  const wide = errorRate.limitPercent > 0 || exceptions.limit > 0;
  const few = minRequests === 1 ? "" : `, of ${minRequests}+ requests a window`;
  return wide
    ? `errors > ${errorRate.limitPercent} % for ${writeDuration(errorRate.forSeconds)}, > ${exceptions.limit} exceptions${few}`
    : "one error or exception";
}

/** One row a key; sections and full forms below their own row, and once where neighbours have the same keys. */
function keyRows(schema: z.ZodObject, prefix: string): readonly string[][] {
  const shown = new Set<unknown>();
  return Object.entries(schema.shape).flatMap(([name, member]: [string, Schema]) => {
    if (name === "kind") return [];
    const path = `${prefix}${name}`;
    const inner = bare(member);
    const nested = nestedObject(inner);
    const facts = ownFacts(member);
    const required = !(member instanceof z.ZodOptional);
    const row = facts === undefined ? [] : [rowOf(path, facts, required)];
    if (kindsOf(inner) !== undefined) return row.map(withPointer);
    if (nested === undefined || shown.has(nested.shape)) return row;
    shown.add(nested.shape);
    return [...row, ...keyRows(nested, `${path}.`)];
  });
}

/** Facts to show: for a short form, its value and default beside what the key means. */
function ownFacts(member: Schema): KeyFacts | undefined {
  const facts = factsOf(member, undefined);
  const inner = bare(member);
  if (!(inner instanceof z.ZodUnion) || facts === undefined) return facts;
  const short = factsOf(inner.options[0], undefined);
  if (short === undefined) return facts;
  return {
    ...facts,
    rule: `${short.rule}; or an object`,
    ...(short.fallback ? { fallback: short.fallback } : {}),
  };
}

function nestedObject(schema: Schema): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodArray) {
    const element = bare(schema.element);
    return element instanceof z.ZodDiscriminatedUnion ? undefined : nestedObject(element);
  }
  if (!(schema instanceof z.ZodUnion) || schema instanceof z.ZodDiscriminatedUnion) return undefined;
  // The encrypted form of a secret is no section of its own.
  const option = schema.options
    .map(bare)
    .find((one) => one instanceof z.ZodObject && !("secure" in one.shape));
  return option instanceof z.ZodObject ? option : undefined;
}

function rowOf(path: string, facts: KeyFacts, required: boolean): string[] {
  const { fallback, absent = "" } = facts;
  const value = fallback === "preset" ? "[preset](#presets)" : `\`${fallback}\``;
  const standard = fallback === undefined ? absent : value;
  return [`\`${path}\``, facts.what, facts.rule, required ? "**required**" : standard];
}

/** The first cell leads to the section of the kinds. */
function withPointer([key = "", ...cells]: string[]): string[] {
  return [`[${key}](#${key.replaceAll(/[`.]/g, "")})`, ...cells];
}

function kindSections(): readonly string[] {
  return kindFields(writtenSchema, "").map(({ name, options }) => {
    const kinds = options.flatMap((option) => (option instanceof z.ZodObject ? [kindText(option)] : []));
    return `## ${name}\n\n${kinds.join("\n\n")}`;
  });
}

/** Keys that hold a kind, or a list of kinds; also those inside of a section. */
function kindFields(
  schema: z.ZodObject,
  prefix: string,
): readonly { readonly name: string; readonly options: readonly Schema[] }[] {
  return Object.entries(schema.shape).flatMap(([key, member]: [string, Schema]) => {
    const name = `${prefix}${key}`;
    const inner = bare(member);
    const options = kindsOf(inner);
    if (options !== undefined) return [{ name, options }];
    const nested = nestedObject(inner);
    return nested === undefined ? [] : kindFields(nested, `${name}.`);
  });
}

/** The kinds of a schema, or of each member of a list. */
function kindsOf(schema: Schema): readonly Schema[] | undefined {
  const union = schema instanceof z.ZodArray ? bare(schema.element) : schema;
  return union instanceof z.ZodDiscriminatedUnion ? union.options.map(bare) : undefined;
}

function kindText(option: z.ZodObject): string {
  const what = factsOf(option.shape["kind"], undefined)?.what ?? "";
  const rows = keyRows(option, "");
  const keys = rows.length > 0 ? `\n\n${table(["Key", "What", "Value", "Default"], rows)}` : "";
  return `### \`kind: ${kindOf(option)}\`\n\n${what}${keys}`;
}

function notBuilt(): string {
  const kinds = Object.entries(plannedKinds)
    .filter(([, names]) => names.length > 0)
    .map(([field, names]) => `- \`${field}\`: ${names.join(", ")}`);
  return ["These are refused by name, with those that are built:", "", ...kinds].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

/** A cell can't hold a bare bar, nor a tag outside of code. */
function cell(text: string): string {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 0 ? part.replaceAll("<", "&lt;") : part))
    .join("`")
    .replaceAll("|", "\\|");
}

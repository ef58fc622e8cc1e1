import { configError, type Issue } from "../errors/errors.ts";
import type { GateLimits } from "../types/gates.ts";
import type { EnvironmentPolicy, Origin } from "../types/policy.ts";
import type { WatchConfig } from "../types/watch.ts";
import { pickChecklist } from "./checklist-of.ts";
import { pickEscalation } from "./escalation.ts";
import { explain, type Located } from "./explain.ts";
import { pickFlag } from "./flag-of.ts";
import { pickGuardrails } from "./guardrails.ts";
import { incrementOrder } from "./increment-order.ts";
import { isObject, type Path, valueAt } from "./json.ts";
import { pickKinds } from "./kinds-of.ts";
import { pickMigration } from "./migration-of.ts";
import { pickNotify } from "./notify-of.ts";
import { isSecure } from "./received.ts";
import { rules } from "./rules.ts";
import { type WrittenConfig, writtenSchema } from "./schema.ts";
import { createPicker, pickGates, pickIncrements, pickTimes } from "./settings.ts";
import { pickStart } from "./start.ts";
import { pickLevels, pickWatch } from "./watch-of.ts";

type Json = Readonly<Record<string, unknown>>;

/** A policy, or everything that stands in its way. */
export type Normalized = { readonly policy: EnvironmentPolicy } | { readonly issues: readonly Issue[] };

/**
 * The policy that a written rollout config comes to: config over preset over defaults, each value with its
 * origin. All problems at once, in the order of the file's sections. Pure; never throws.
 */
export function normalizeConfig({
  written,
  stack,
}: {
  readonly written: unknown;
  readonly stack: string;
}): Normalized {
  if (written === undefined || written === null) return { issues: [missing(stack)] };
  if (isSecure(written)) return { issues: [encrypted()] };
  const parsed = writtenSchema.safeParse(written);
  const shape = parsed.success ? [] : explain(writtenSchema, written, parsed.error.issues);
  const order = incrementOrder(valueAt(written, ["increments"]));
  const sound = parsed.success ? parsed.data : salvage(written, shape);
  const issues = [...shape.map(({ issue }) => issue), ...order, ...crossIssues(sound, shape)];
  if (issues.length > 0) return { issues: inFileOrder(issues, written) };
  if (!parsed.success) throw new Error("a config that failed its schema must have an issue");
  return { policy: policyOf(parsed.data) };
}

/** `normalizeConfig`, for those who can't go on without: throws a RolloutError with every issue, exit 2. */
export function normalizeOrThrow(input: {
  readonly written: unknown;
  readonly stack: string;
}): EnvironmentPolicy {
  const result = normalizeConfig(input);
  if ("issues" in result) throw configError(result.issues);
  return result.policy;
}

/** Problems of one section together, sections as they are written, missing ones last. */
function inFileOrder(issues: readonly Issue[], written: unknown): readonly Issue[] {
  const sections = isObject(written) ? Object.keys(written) : [];
  const place = ({ path }: Issue) => {
    const index = sections.indexOf(/^rollout\.([\w-]+)/.exec(path)?.[1] ?? "");
    return index < 0 ? sections.length : index;
  };
  return [...issues].sort((a, b) => place(a) - place(b));
}

function policyOf(written: WrittenConfig): EnvironmentPolicy {
  const { pick, origins } = createPicker();
  const watch = pickWatch(written, pick);
  const { increments, ...way } = pickIncrements(written, pick);
  const { flag, increments: phases } = pickFlag(written, pick, way.strategy);
  if (phases !== undefined) dropExcess(origins, phases.length);
  const start = pickStart(written, pick);
  return {
    preset: pick("preset", written.preset, { from: "default", value: written.preset }),
    service: pick("service", written.service, { from: "default", value: written.service }),
    ...way,
    // A flag alone has no other increments than its phases.
    increments: phases ?? increments,
    ...(flag === undefined ? {} : { flag }),
    gates: { ...pickGates(written, pick), ...pickLevels(written, pick, watch), ...namesOf(watch) },
    watch,
    ...pickTimes(written, pick),
    ...start,
    ...pickChecklist(written, pick),
    ...pickMigration(written, pick, start.promotedIn),
    ...pickKinds(written, pick),
    ...pickNotify(written, pick),
    ...pickEscalation(written, pick),
    ...pickGuardrails(written, pick),
    origins,
  };
}

/** A preset may have had more increments than a flag alone has phases. */
function dropExcess(origins: Record<string, Origin>, count: number): void {
  for (const path of Object.keys(origins)) {
    const index = /^increments\[(\d+)\]/.exec(path)?.[1];
    if (index !== undefined && Number(index) >= count) delete origins[path];
  }
}

/** What a plan shows of what is watched: names and limits, no sources. */
function namesOf({ reviews, integrity }: WatchConfig): Pick<GateLimits, "integrity" | "reviews"> {
  return {
    ...(integrity === undefined ? {} : { integrity: integrity.kind }),
    ...(reviews.length === 0
      ? {}
      : { reviews: reviews.map(({ name, limit, worse }) => ({ name, limit, worse })) }),
  };
}

/**
 * What is left of a broken config once the broken sections are taken out (of a section with an unknown key,
 * that key alone), so that the rules over several keys speak of the sound ones in the same answer.
 */
function salvage(written: unknown, shape: readonly Located[]): WrittenConfig | undefined {
  if (!isObject(written)) return undefined;
  const known = shape.filter(({ unknown }) => unknown).reduce((rest, { at }) => without(rest, at), written);
  const broken = brokenSections(shape);
  const rest = Object.fromEntries(Object.entries(known).filter(([name]) => !broken.has(name)));
  // Stand-ins for what is required; the rules that read these sections are silent.
  const parsed = writtenSchema.safeParse({ preset: "production", service: "unknown", ...rest });
  return parsed.success ? parsed.data : undefined;
}

function without(value: Json, path: Path): Json {
  const [step, ...rest] = path;
  const entries = Object.entries(value).flatMap(([name, item]): [string, unknown][] => {
    if (name !== String(step)) return [[name, item]];
    if (rest.length === 0) return [];
    if (Array.isArray(item)) {
      const items = Object.values(without(Object.fromEntries(Object.entries(item)), rest));
      return [[name, items]];
    }
    return [[name, isObject(item) ? without(item, rest) : item]];
  });
  return Object.fromEntries(entries);
}

function brokenSections(shape: readonly Located[]): ReadonlySet<string> {
  return new Set(shape.filter(({ unknown }) => !unknown).map(({ at }) => String(at[0])));
}

function crossIssues(written: WrittenConfig | undefined, shape: readonly Located[]): readonly Issue[] {
  if (written === undefined) return [];
  const broken = brokenSections(shape);
  const policy = policyOf(written);
  return rules
    .filter(({ reads }) => !reads.some((section) => broken.has(section)))
    .flatMap(({ check }) => check({ written, policy }));
}

function missing(stack: string): Issue {
  return {
    path: "rollout",
    rule: "required: the rollout config of the stack",
    hint: `Write at least preset and service in Pulumi.${stack}.yaml; docs/configuration.md has an example.`,
  };
}

function encrypted(): Issue {
  return {
    path: "rollout",
    received: '"[secret]"',
    rule: "the rollout config in plain text: only keys and URLs of notify and incident, and tokens, may be secret",
    hint: "Write it as plain YAML and encrypt those values alone: pulumi config set --secret --path …",
  };
}

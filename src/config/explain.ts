import * as z from "zod";
import type { Issue } from "../errors/errors.ts";
import { parseDuration } from "../lib/duration.ts";
import { type Path, pathText, valueAt } from "./json.ts";
import { type KindField, plannedKinds } from "./kinds.ts";
import type { KeyFacts } from "./leaves.ts";
import { isSecure, receivedText } from "./received.ts";
import { nearest } from "./suggest.ts";
import * as walk from "./walk.ts";

/** An issue with the place that it speaks of, for rules that must not judge a broken place again. */
export interface Located {
  readonly at: Path;
  readonly issue: Issue;
  /** The place is a key that nobody knows: what stands beside it is sound. */
  readonly unknown?: true;
}

type Context = { readonly schema: z.core.$ZodType; readonly root: unknown };

/** Everything that is wrong with the shape of a written config: zod's issues in the words of the schema's facts. */
export function explain(
  schema: z.core.$ZodType,
  root: unknown,
  issues: readonly z.core.$ZodIssue[],
): readonly Located[] {
  const context = { schema, root };
  const located = issues.flatMap((issue) => explainOne(context, issue, issue.path));
  // A wrong text breaks a pattern and its bounds: one problem of one place.
  const seen = new Set<string>();
  return located.filter(({ issue }) => {
    const id = `${issue.path}\n${issue.rule}`;
    return !seen.has(id) && Boolean(seen.add(id));
  });
}

function explainOne(context: Context, issue: z.core.$ZodIssue, at: Path): readonly Located[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((name) => unknownKey(context, at, name));
  }
  if (issue.code === "invalid_union") {
    if (issue.discriminator !== undefined) return [wrongKind(context, at)];
    const inner = innerIssues(context, issue, at);
    if (inner !== undefined) {
      return inner.flatMap((member) => explainOne(context, member, [...at, ...member.path]));
    }
  }
  return [wrongValue(context, at)];
}

/** Issues of the branch that the value is on; undefined where it is on none, or is a plain value. */
function innerIssues(context: Context, issue: z.core.$ZodIssueInvalidUnion, at: Path) {
  const value = valueAt(context.root, at);
  const union = walk.schemaAt(context.schema, at, context.root);
  if (union === undefined || isSecure(value)) return undefined;
  const options = walk.bare(union);
  const chosen = walk.branch(options, value);
  if (!(options instanceof z.ZodUnion) || !(chosen instanceof z.ZodObject)) return undefined;
  return issue.errors[options.options.findIndex((option) => walk.bare(option) === chosen)];
}

function unknownKey(context: Context, at: Path, name: string): Located {
  const siblings = walk.keysOf(walk.schemaAt(context.schema, at, context.root), valueAt(context.root, at));
  const path = [...at, name];
  const near = nearest(name, siblings);
  const elsewhere = near === undefined ? findKey(context.schema, name) : undefined;
  const hint =
    near !== undefined
      ? `Did you mean ${near}?`
      : elsewhere !== undefined
        ? `Did you mean ${pathText(elsewhere)}?`
        : "Remove it: nothing reads it.";
  const received = receivedText(valueAt(context.root, path), { hidden: true });
  return { ...located(path, received, { rule: `a known key: ${siblings.join(", ")}`, hint }), unknown: true };
}

/** Where a key stands in another section: people forget the section more often than the name. */
function findKey(schema: z.core.$ZodType, name: string): Path | undefined {
  const sections = walk.keysOf(schema, {});
  const top = nearest(name, sections);
  if (top !== undefined) return [top];
  for (const section of sections) {
    const inner = walk.schemaAt(schema, [section], { [section]: {} });
    const near = nearest(name, walk.keysOf(inner, {}));
    if (near !== undefined) return [section, near];
  }
  return undefined;
}

function wrongKind(context: Context, at: Path): Located {
  const parent = at.slice(0, -1);
  const value = valueAt(context.root, at);
  const union = walk.schemaAt(context.schema, parent, context.root);
  const bare = union && walk.bare(union);
  const known = bare instanceof z.ZodDiscriminatedUnion ? bare.options.map(walk.kindOf) : [];
  const built = known.filter((kind) => kind !== undefined);
  const planned: readonly string[] = plannedKinds[parent[0] as KindField] ?? [];
  const required = value === undefined ? "required: " : "";
  const rule = `${required}one of the kinds that are built: ${built.join(", ")}`;
  const hint =
    typeof value !== "string"
      ? `Write kind: ${built.find((kind) => kind !== "sandbox")}.`
      : planned.includes(value)
        ? `${value} is not built yet. Built: ${built.join(", ")}.`
        : suggestKind(value, built);
  return located(at, receivedText(value, { hidden: typeof value !== "string" }), { rule, hint });
}

function suggestKind(value: string, built: readonly string[]): string {
  const near = nearest(value, built);
  return near === undefined ? `Known kinds: ${built.join(", ")}.` : `Did you mean ${near}?`;
}

/** Where credentials live, in whatever shape they were written. */
function holdsCredentials([section, member]: Path): boolean {
  return (
    section === "notify" ||
    section === "incident" ||
    section === "change" ||
    (section === "approvals" && member === "sources")
  );
}

function wrongValue(context: Context, at: Path): Located {
  const value = valueAt(context.root, at);
  const schema = walk.schemaAt(context.schema, at, context.root);
  const facts = walk.factsOf(schema, value) ?? structureFacts(schema, value);
  const hidden = facts.secret === true || holdsCredentials(at);
  const rule = value === undefined ? `required: ${facts.rule}` : facts.rule;
  return located(at, receivedText(value, { hidden }), { rule, hint: hintFor(facts, value) });
}

function hintFor(facts: KeyFacts, value: unknown): string {
  if (isSecure(value))
    return "This key may not be secret: only keys and URLs of notify and incident may, and tokens.";
  if (value === null) return `Nothing is written after the key. ${facts.hint}`;
  if (facts.units !== undefined && value !== undefined) {
    const parsed = parseDuration(value, facts.units);
    if (!parsed.ok) return parsed.hint;
  }
  const near = typeof value === "string" && facts.words ? nearest(value, facts.words) : undefined;
  return near === undefined ? facts.hint : `Did you mean ${near}?`;
}

/** Words for sections and lists, which carry no facts of their own. */
function structureFacts(schema: z.core.$ZodType | undefined, value: unknown): KeyFacts {
  const keys = walk.keysOf(schema, {});
  const bare = schema && walk.bare(schema);
  if (bare instanceof z.ZodDiscriminatedUnion) {
    const kinds = bare.options.map(walk.kindOf).join(", ");
    return { what: "", rule: `an object with a kind: ${kinds}`, hint: "Write it like { kind: … }." };
  }
  if (keys.length > 0) {
    const hint =
      typeof value === "string" && value.trim().startsWith("{")
        ? "Write it as YAML, not as a quoted JSON text."
        : "Write its keys below it, indented.";
    return { what: "", rule: `an object with the keys ${keys.join(", ")}`, hint };
  }
  return { what: "", rule: "a value of another type", hint: "See docs/configuration.md." };
}

function located(at: Path, received: string | undefined, advice: Pick<Issue, "rule" | "hint">): Located {
  const path = pathText(at);
  return { at, issue: { path, ...(received === undefined ? {} : { received }), ...advice } };
}

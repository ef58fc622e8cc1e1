import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { normalizeConfig } from "../../../src/config/normalize.ts";
import { recordIn } from "../../../src/plan/migration-journal.ts";
import type { JournalEntry } from "../../../src/types/journal.ts";
import type { MigrationRecord } from "../../../src/types/migration.ts";
import type { EnvironmentPolicy } from "../../../src/types/policy.ts";

/** What a pack knows of the stack that is previewed, beside its resources. */
export interface StackFacts {
  readonly project: string;
  readonly stack: string;
  /** The rollout policy of `Pulumi.<stack>.yaml`, or why there is none to go by. Read when a rule asks. */
  policy(): PolicyFound;
  /** `step` of its config: what somebody asks a plain update for. Undefined also where it can't be read. */
  step(): string | undefined;
  /** Where its schema migration stands, by the record; undefined in it: it has not begun. */
  migration(): MigrationFound;
}

export type MigrationFound =
  | { readonly ok: true; readonly record: MigrationRecord | undefined }
  | { readonly ok: false; readonly why: string };

export type PolicyFound =
  | { readonly ok: true; readonly policy: EnvironmentPolicy }
  /** `why`: what the file lacks, without a value of it. */
  | { readonly ok: false; readonly why: string };

/**
 * Where the stack's config lies, and where its record does: the engine starts a pack in the program's folder, and the pack
 * moves to its own before it does anything else. The SDK of a pack hears neither config nor the stack's name, so both are
 * found again: the name stands in every URN, the config in a file.
 */
export interface Folders {
  readonly config: string;
  readonly project: string;
}

let folders: Folders = { config: process.cwd(), project: process.cwd() };
const cache = new Map<string, PolicyFound>();

export function setFolders(found: Folders): void {
  folders = found;
  cache.clear();
}

/** The stack of a URN: `urn:pulumi:<stack>::<project>::…`. */
export function readStack(urn: string): StackFacts {
  const [, stack = "", project = ""] = /^urn:pulumi:(.+?)::(.+?)::/.exec(urn) ?? [];
  const policy = () => policyOf(project, stack);
  return {
    project,
    stack,
    policy,
    step: () => stepOf(project, stack),
    migration: () => readMigration(policy(), stack),
  };
}

function policyOf(project: string, stack: string): PolicyFound {
  const known = cache.get(stack);
  if (known !== undefined) return known;
  const found = readPolicy(project, stack);
  cache.set(stack, found);
  return found;
}

function stepOf(project: string, stack: string): string | undefined {
  const step = configOf(stack)?.[`${project}:step`];
  return step === undefined ? undefined : String(step);
}

/** What the stack's file has under `config`; undefined where it can't be read. */
function configOf(stack: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object(parse(readFileSync(join(folders.config, `Pulumi.${stack}.yaml`), "utf8"))).config ?? {};
  } catch {
    return undefined;
  }
}

function readPolicy(project: string, stack: string): PolicyFound {
  const file = `Pulumi.${stack}.yaml`;
  const config = configOf(stack);
  if (config === undefined) return { ok: false, why: `${file} can't be read in the project's folder` };
  const written = config[`${project}:rollout`];
  if (written === undefined) return { ok: false, why: `${file} has no ${project}:rollout` };
  const normalized = normalizeConfig({ written, stack });
  if ("policy" in normalized) return { ok: true, policy: normalized.policy };
  const paths = normalized.issues.map(({ path }) => path).join(", ");
  return { ok: false, why: `${file} is not valid at ${paths}: \`rollouts plan --stack ${stack}\` says why` };
}

function readMigration(found: PolicyFound, stack: string): MigrationFound {
  if (!found.ok) return found;
  const dir = resolve(folders.project, found.policy.record.dir, ...stack.split("/"), "migration");
  try {
    const text = readFileSync(join(dir, "journal.jsonl"), "utf8");
    const lines = text.split("\n").filter((line) => line !== "");
    return { ok: true, record: recordIn(lines.map((line) => JSON.parse(line) as JournalEntry)) };
  } catch (error) {
    if (Object(error).code === "ENOENT") return { ok: true, record: undefined };
    return { ok: false, why: "its journal can't be read" };
  }
}

import { readFile } from "node:fs/promises";
import * as z from "zod";
import { type Issue, RolloutError } from "../../errors/errors.ts";
import { messageOf } from "../../lib/error-message.ts";
import type { TenantTraffic } from "../../plan/flag-cohort.ts";

const place = "rollout.flag.tenants";
const hint =
  'A tenant is {"id": "tenant-0001", "groups": ["beta-testers"], "requests": 1200}; id alone will do.';

const aName = "a name without spaces around it";
const name = z.string({ error: aName }).regex(/^\S(?:.*\S)?$/, aName);
const aCount = "a number from 0: its requests in any one span of time";
const listOf = "a list of tenants, one at least";
const tenantsSchema = z
  .array(
    z.strictObject(
      {
        id: name,
        groups: z.array(name, { error: "a list of names" }).exactOptional(),
        requests: z.number({ error: aCount }).min(0, aCount).exactOptional(),
      },
      { error: ({ code }) => (code === "invalid_type" ? "an object with an id" : undefined) },
    ),
    { error: listOf },
  )
  .min(1, listOf);

/**
 * The tenants of a JSON file, in their order: `[{ id, groups?, requests? }]`. Throws RolloutError (exit 2)
 * `tenants-missing` where there is no such file, `tenants-invalid` with every problem of it.
 */
export async function readTenants(path: string): Promise<readonly TenantTraffic[]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    if (Object(cause).code === "ENOENT") throw unreadable(path, "tenants-missing", "there is no such file");
    throw unreadable(path, "tenants-invalid", messageOf(cause));
  });
  const raw = parseJson(path, text);
  const parsed = tenantsSchema.safeParse(raw);
  const shape = parsed.success ? [] : parsed.error.issues.map((issue) => explain(issue, raw));
  const issues = [...shape, ...duplicatesIn(raw)];
  if (parsed.success && issues.length === 0) return parsed.data;
  const problems = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
  throw new RolloutError(`${path} has ${problems}.`, {
    code: "tenants-invalid",
    exit: "config",
    path: place,
    issues,
    hint,
  });
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(path, "tenants-invalid", `it is no JSON (${messageOf(cause)})`);
  }
}

/** A tenant that stands there twice would count twice. */
function duplicatesIn(raw: unknown): readonly Issue[] {
  const first = new Map<string, number>();
  return (Array.isArray(raw) ? raw : []).flatMap((tenant, index): readonly Issue[] => {
    const id: unknown = Object(tenant).id;
    if (typeof id !== "string") return [];
    const before = first.get(id);
    if (before === undefined) {
      first.set(id, index);
      return [];
    }
    const received = JSON.stringify(id);
    return [{ path: `[${index}].id`, received, rule: `another id than [${before}]`, hint: "Write it once." }];
  });
}

function explain({ path, message, ...issue }: z.core.$ZodIssue, raw: unknown): Issue {
  const value = path.reduce<unknown>((at, key) => Object(at)[key], raw);
  const received = JSON.stringify(value)?.slice(0, 80);
  const where = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return {
    path: where || "the file",
    ...(received === undefined ? {} : { received }),
    rule: issue.code === "unrecognized_keys" ? `no ${issue.keys.join(", ")}` : message,
    hint,
  };
}

function unreadable(path: string, code: "tenants-missing" | "tenants-invalid", why: string): RolloutError {
  return new RolloutError(`The tenants of ${path} can't be read: ${why}.`, {
    code,
    exit: "config",
    path: place,
    hint: `Write the file, or leave ${place} out: nobody can say then who enters a phase.`,
  });
}

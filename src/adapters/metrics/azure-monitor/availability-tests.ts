import * as z from "zod";
import { messageOf } from "../../../lib/error-message.ts";
import { logsError, type Tables, tablesOf } from "../../../lib/kql/tables.ts";
import { textLiteral, timeLiteral } from "../../../lib/kql/text.ts";
import type { Runtime } from "../../../lib/runtime.ts";
import type { TokenCredential } from "../../../lib/token-credential.ts";
import type { Evidence } from "../../../ports/evidence.ts";
import type { SyntheticConfig } from "../../../types/checklist-config.ts";
import type { EvidenceAnswer } from "../../../types/evidence.ts";
import { createLogsApi } from "./logs-api.ts";

export interface AvailabilityOptions {
  readonly config: Extract<SyntheticConfig, { kind: "availability" }>;
  readonly runtime: Runtime;
  readonly credential: TokenCredential;
  /** Time limit of the query, ms; default 20 s. */
  readonly timeoutMs?: number;
}

/** A result that is older says nothing about now, ms: tests run every 5 or 10 min, and their results come in minutes. */
const spanMs = 900_000;

const rows = z.array(z.object({ Test: z.string(), NewestMs: z.number(), FailedMs: z.number().nullable() }));

/**
 * Availability tests of Application Insights by name, from the logs: met where the newest result of each, in the last
 * 15 min, is a success. A test without one is missing, and not met; none of any is `empty`. Never throws.
 */
export function createAvailabilityEvidence(options: AvailabilityOptions): Evidence {
  const { config, runtime, credential, timeoutMs = 20_000 } = options;
  const api = createLogsApi({ scope: config, endpoint: config.endpoint, credential, runtime, timeoutMs });
  return {
    name: "availability",
    read: async ({ nowMs: toMs, signal }) => {
      try {
        const fromMs = toMs - spanMs;
        const kql = availabilityQuery({ tables: tablesOf(config), tests: config.tests, fromMs, toMs });
        const parsed = rows.safeParse(await api.query({ kql, fromMs, toMs, signal }));
        if (!parsed.success) throw logsError(`its rows are not of tests: ${z.prettifyError(parsed.error)}`);
        return judge(config.tests, parsed.data);
      } catch (error) {
        return { status: "error", message: messageOf(error) };
      }
    },
  };
}

/** A row for each test that had a result: when the newest was, and the newest that failed. */
export function availabilityQuery(query: {
  readonly tables: Tables;
  readonly tests: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}): string {
  const { tables, tests, fromMs, toMs } = query;
  const { availability, time, name, success } = tables;
  const ms = (column: string) => `tolong((${column} - datetime(1970-01-01)) / 1ms)`;
  return `${availability}
| where ${time} >= ${timeLiteral(fromMs)} and ${time} < ${timeLiteral(toMs)} and ${name} in (${tests.map(textLiteral).join(", ")})
| summarize Newest = max(${time}), Failed = maxif(${time}, ${success} == false) by Test = ${name}
| project Test, NewestMs = ${ms("Newest")}, FailedMs = ${ms("Failed")}`;
}

function judge(tests: readonly string[], found: z.infer<typeof rows>): EvidenceAnswer {
  const said = tests.map((test) => {
    const row = found.find(({ Test }) => Test === test);
    if (row === undefined) return { test, what: "no result in 15 min" };
    // Two at one time, from two places: a failure is one.
    return { test, what: row.FailedMs !== null && row.FailedMs >= row.NewestMs ? "failed" : "passed" };
  });
  if (found.length === 0)
    return { status: "empty", message: `no result of ${tests.join(", ")} in the last 15 min` };
  const bad = said.filter(({ what }) => what !== "passed");
  const message = (bad.length === 0 ? said : bad).map(({ test, what }) => `${test}: ${what}`).join(", ");
  return { status: "value", met: bad.length === 0, message };
}

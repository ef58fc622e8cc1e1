import * as z from "zod";
import { defaults, everyPreset } from "../../../src/config/presets.ts";
import { sloTable } from "../../../src/lib/slo-table.ts";
import type { GateLimits } from "../../../src/types/gates.ts";
import { stackRule } from "../lib/define.ts";
import { checkPolicy } from "../lib/in-stack.ts";
import type { Finding } from "../lib/rule.ts";

const { errorRate, p95, exceptions } = everyPreset.gates;
const { dbPool, queue, memory } = defaults.levels;
const limit = (value: number) => z.number().min(0).default(value);
const seconds = (value: number) => z.number().int().min(1).default(value);

const parameters = z.object({
  errorRatePercent: limit(sloTable["error-rate"].critical),
  errorRateSeconds: seconds(errorRate.forSeconds),
  p95Ms: limit(sloTable["p95-latency"].critical),
  p95Seconds: seconds(p95.forSeconds),
  exceptions: limit(exceptions.limit),
  dbPoolPercent: limit(dbPool.limit),
  dbPoolSeconds: seconds(dbPool.forSeconds),
  queueLength: limit(queue.limit),
  queueSeconds: seconds(queue.forSeconds),
  memoryPercent: limit(memory.limit),
  memorySeconds: seconds(memory.forSeconds),
});

/** A gate that turns back later than the service's critical level lets users go through what nobody may. */
export const gateLimits = stackRule({
  name: "gate-limits",
  description:
    "No automatic trigger is looser than the guide's, whose error rate and P95 are the SLO's critical level.",
  level: "mandatory",
  parameters,
  *check(seen) {
    const most = seen.parameters;
    yield* checkPolicy(seen, function* ({ gates }) {
      yield* looser("gates.errorRate.limit", gates.errorRate.limitPercent, {
        most: most.errorRatePercent,
        unit: "%",
      });
      yield* later(
        "gates.errorRate.for",
        gates.errorRate.windows * gates.windowSeconds,
        most.errorRateSeconds,
      );
      yield* looser("gates.p95.limit", gates.p95.limitMs, { most: most.p95Ms, unit: "ms" });
      yield* later("gates.p95.for", gates.p95.windows * gates.windowSeconds, most.p95Seconds);
      yield* looser("gates.exceptions.limit", gates.exceptions.limit, {
        most: most.exceptions,
        unit: "exceptions",
      });
      yield* levels(gates, most);
    });
  },
});

function* levels({ gauges }: GateLimits, most: z.output<typeof parameters>): Iterable<Finding> {
  if (gauges === undefined) return;
  const rows = [
    ["dbPool", gauges["db-pool"], { most: most.dbPoolPercent, unit: "%" }, most.dbPoolSeconds],
    ["queue", gauges["queue-depth"], { most: most.queueLength, unit: "messages" }, most.queueSeconds],
    ["memory", gauges.memory, { most: most.memoryPercent, unit: "%" }, most.memorySeconds],
  ] as const;
  for (const [name, level, limit, seconds] of rows) {
    yield* looser(`gates.${name}.limit`, level.limit, limit);
    yield* later(`gates.${name}.for`, level.forSeconds, seconds);
  }
}

function* looser(
  path: string,
  value: number,
  { most, unit }: { readonly most: number; readonly unit: string },
): Iterable<Finding> {
  if (value <= most) return;
  yield {
    what: `rollout.${path} is ${value} ${unit}, looser than ${most} ${unit}`,
    hint: `Write at most ${most} ${unit}, or leave it out.`,
  };
}

function* later(path: string, value: number, most: number): Iterable<Finding> {
  if (value <= most) return;
  yield {
    what: `rollout.${path} is ${value} s, longer than ${most} s`,
    hint: `Write at most ${most}s, or leave it out.`,
  };
}

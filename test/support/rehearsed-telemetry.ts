import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import type { Item } from "./azure-telemetry.ts";

/** How the two sides of a rehearsal appear in Application Insights. */
export interface SideColumns {
  readonly candidate: Readonly<Record<string, unknown>>;
  readonly stable: Readonly<Record<string, unknown>>;
}

/**
 * What a sandbox has counted, as Application Insights would have stored it: few rows a bin, each standing for many
 * requests. Those that failed are fast, those slower than 1 s took 1.5 s, those slower than 500 ms took 700 ms.
 */
export function rehearsedItems(sandbox: Sandbox, columns: SideColumns): Item[] {
  return (["stable", "candidate"] as const).flatMap((side) => {
    const own = columns[side] as NonNullable<Item["columns"]>;
    const { bins } = sandbox.telemetry.series(side, sandbox.telemetry.startMs, [500, 1000]);
    return bins.flatMap(({ startMs, n, errors, slow, exceptions }) => {
      const [over500 = 0, over1000 = 0] = [slow[500], slow[1000]];
      const rows: readonly (readonly [count: number, more: NonNullable<Item["columns"]>])[] = [
        [n - errors - over500, { DurationMs: 20 }],
        [over500 - over1000, { DurationMs: 700 }],
        [over1000, { DurationMs: 1500 }],
        [errors, { DurationMs: 20, ResultCode: "500", Success: false }],
      ];
      const requests = rows
        .filter(([count]) => count > 0)
        .map(([count, more]) => ({ atMs: startMs, columns: { ...own, ...more, ItemCount: count } }));
      const thrown = {
        table: "AppExceptions" as const,
        atMs: startMs,
        columns: { ...own, ItemCount: exceptions },
      };
      return exceptions > 0 ? [...requests, thrown] : requests;
    });
  });
}

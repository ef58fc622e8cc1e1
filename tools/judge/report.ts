import { type Cell, type PromotionRow, rates, type Table } from "./bench.ts";
import { hardLimitDefaults, peerGates } from "./gates.ts";
import type { Measured } from "./targets.ts";

/** All figures as plain text, widths by content. */
export function report(measured: Measured): string {
  const { binsPerSecond, bytesPerRollout, healthy, bad, promotions } = measured;
  const { minBins, minRequests, windows, limitPercent } = hardLimitDefaults;
  return [
    `${(binsPerSecond / 1e6).toFixed(2)} million bins a second on one core (both cohorts, errors and latency)`,
    `${Math.round(bytesPerRollout)} bytes a rollout`,
    "",
    "gates, looked at every 10 s where nothing else is said; weights 5/20/50/100 %, 15 min each; stable fails 0.1 %",
    `  PACE + hard limit: evidence of 20:1, or more than ${limitPercent} % failed in ${windows} windows in a row of at least ${minBins * 10} s and ${minRequests} requests`,
    ...peerGates.map(({ name, rule }) => `  ${name}: ${rule}`),
    "",
    ...table("false reverts per 1,000 healthy rollouts", healthy, falseReverts),
    ...bad.flatMap((one) =>
      table(
        `canary fails ${percent(one.canaryShare)}: median minutes to revert (% found in 60 min, where not all)`,
        one,
        minutes,
      ),
    ),
    ...promotions.flatMap(ends),
  ].join("\n");
}

function table(title: string, { rows, seeds }: Table, cell: (cell: Cell) => string): readonly string[] {
  const lines = rows.map(({ gate, cells }) => [gate, ...cells.map(cell)]);
  return [`${title} (N = ${rows[0]?.cells[0]?.rollouts}, seeds ${span(seeds)})`, ...columns(lines), ""];
}

function ends({ canaryShare, seeds, rollouts, ends: byRate }: PromotionRow): readonly string[] {
  const title = `canary fails ${percent(canaryShare)}, with holds of up to 4 soaks: % promoted / reverted / left to a person`;
  const share = (count: number) => `${Number(((100 * count) / rollouts).toFixed(1))}`;
  const cells = byRate.map(({ promoted, reverted, held }) => [promoted, reverted, held].map(share).join("/"));
  return [
    `${title} (N = ${rollouts}, seeds ${span(seeds)})`,
    ...columns([["PACE + hard limit", ...cells]]),
    "",
  ];
}

function columns(lines: readonly (readonly string[])[]): readonly string[] {
  const all = [["", ...rates.map(({ name }) => name)], ...lines];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  return all.map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? `  ${cell.padEnd(widths[0] ?? 0)}` : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}

function falseReverts({ reverted, rollouts }: Cell): string {
  return `${Number(((1000 * reverted) / rollouts).toFixed(1))}`;
}

function minutes({ medianMinutes, reverted, rollouts }: Cell): string {
  const found = reverted === rollouts ? "" : ` (${Math.floor((100 * reverted) / rollouts)})`;
  return `${Number.isFinite(medianMinutes) ? medianMinutes.toFixed(1) : "-"}${found}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`;
}

function span(seeds: readonly number[]): string {
  return `${seeds[0]}-${seeds.at(-1)}`;
}

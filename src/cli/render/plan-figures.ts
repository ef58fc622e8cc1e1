import { grouped } from "../../analysis/figures.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { IncrementFigures, PlanFigures } from "../commands/plan-figures.ts";
import type { StableDay } from "../commands/plan-measure.ts";
import { gateName } from "./gates.ts";
import { columns, type Paint, painter } from "./human.ts";

/** What a plan comes to at a traffic, below the plan. */
export function renderFigures(figures: PlanFigures, { color }: { readonly color: boolean }): string {
  const paint = painter(color);
  const { requestsPerSecond, source, assumed, increments, notes, stable } = figures;
  const head = [
    "  ",
    "traffic",
    "requests",
    "sees",
    "proved after",
    `begins to fail ${assumed.canaryPercent} % there`,
  ];
  const compared = increments.some(({ worst }) => worst !== undefined);
  const rows = increments.map((step) => rowOf(step));
  return [
    `  expected at ${rate(requestsPerSecond)} (${source})${compared ? `, stable failing ${assumed.stablePercent} %` : ""}`,
    "",
    ...(rows.length === 0 ? [] : [columns([compared ? head : head.slice(0, 3), ...rows]), ""]),
    ...(compared
      ? [
          `  failed requests are 1.5 times the estimate; counted after ${assumed.lagSeconds} s, off ${assumed.revertSeconds} s after the verdict`,
        ]
      : []),
    ...(stable === undefined ? [] : stableLines(stable, paint)),
    ...notes.map((note) => `  ${paint("yellow", "note")}       ${note}`),
  ].join("\n");
}

function rowOf(step: IncrementFigures): readonly string[] {
  const {
    exposure,
    requests,
    smallestVisibleRatio: ratio,
    minutesToCertify: minutes,
    worst,
    certifies,
  } = step;
  const base = ["  ", `${exposure} %`.padStart(7), grouped(requests)];
  if (worst === undefined) return base;
  const proved =
    minutes === 0 ? "before" : minutes === null || minutes === undefined ? "never" : duration(minutes);
  const off = worst.minutesToRevert === null ? "not found" : `off after ${duration(worst.minutesToRevert)}`;
  const cost = `${amount(worst.failedRequests)} failed, ${percent(worst.budgetPercent)} % of the error budget`;
  return [
    ...base,
    ratio === null || ratio === undefined ? "nothing" : `${ratio.toFixed(1)} × worse`,
    certifies === false ? `${proved}: too late` : proved,
    `${off}, ${cost}`,
  ];
}

function stableLines(stable: StableDay, paint: Paint): readonly string[] {
  const label = (text: string) => `  ${text.padEnd(11)}`;
  if (stable.status !== "value")
    return [`${label("stable")}${paint("yellow", `not judged: ${stable.message}`)}`];
  const { from, broken, unread } = stable;
  const said = broken.length === 0 && unread.length === 0 ? "breaks no limit itself" : "";
  return [
    ...(said === "" ? [] : [`${label("stable")}${said}, since ${from.slice(0, 16)}Z`]),
    ...broken.map(
      ({ gate, looks, at, message }) =>
        `${label("stable")}${paint("red", `breaks ${gateName(gate)} itself`)}, ${looks} × since ${at.slice(0, 16)}Z: ${message}`,
    ),
    ...unread.map(
      ({ gate, message }) =>
        `${label("stable")}${paint("yellow", `${gateName(gate)} not judged`)}: ${message}`,
    ),
  ];
}

function rate(requestsPerSecond: number): string {
  const [count, unit] = requestsPerSecond >= 1 ? [requestsPerSecond, "s"] : [requestsPerSecond * 60, "min"];
  return `${number(count)} request${count === 1 ? "" : "s"}/${unit}`;
}

function number(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

/** Never a 0 for what isn't none. */
function amount(value: number): string {
  return value > 0 && value < 1 ? "< 1" : grouped(Math.ceil(value));
}

function percent(value: number): string {
  return value > 0 && value < 0.01 ? "< 0.01" : value.toFixed(2);
}

/** As exact as the estimate is. */
function duration(minutes: number): string {
  if (minutes <= 1.5) return formatDuration(Math.ceil(minutes * 60));
  return minutes < 10 ? `${minutes.toFixed(1)} min` : formatDuration(Math.ceil(minutes) * 60);
}

import type { FlagBy } from "../../types/flag-config.ts";
import type { FlagCohortView } from "../flag-cohort.ts";
import type { PhaseCohort } from "../flag-cohorts.ts";
import { columns, type Paint, painter } from "./human.ts";
import { flagShare } from "./words.ts";

/** Names that are told one by one; `--json` has them all. */
const most = 20;

const ways: Readonly<Record<FlagBy, string>> = {
  targeting: "by tenant: who is in stays in",
  variant: "by tenant, as a variant: who is in stays in",
  percentage: "by chance at each call",
};

/** Who enters with each phase. */
export function renderCohorts(view: FlagCohortView, { color }: { readonly color: boolean }): string {
  const paint = painter(color);
  const { flag, stack, tenants, file, by, phases } = view;
  return [
    `${paint("bold", flag)} on ${stack}: ${tenants} tenants of ${file}, ${ways[by]}`,
    "",
    columns([
      ["  ", "phase", "in", "enters", "traffic", "entering"],
      ...phases.map((phase) => [
        "  ",
        flagShare(phase.exposure),
        String(phase.on.length),
        String(phase.enters.length),
        share(phase.onTraffic),
        share(phase.entersTraffic),
      ]),
    ]),
    ...phases.flatMap((phase) => ["", ...detail(phase, paint)]),
  ].join("\n");
}

function detail({ exposure, enters, notes }: PhaseCohort, paint: Paint): readonly string[] {
  const shown = enters.slice(0, most);
  const rest = enters.length - shown.length;
  const names = shown.length === 0 ? "nobody" : shown.join(", ");
  return [
    `  ${flagShare(exposure)}: ${names}${rest > 0 ? ` and ${rest} more (--json has them)` : ""}`,
    ...notes.map((note) => `  ${paint("yellow", `! ${note}`)}`),
  ];
}

function share(percent: number | undefined): string {
  return percent === undefined ? "not counted" : `${percent.toFixed(1)} %`;
}

import { formatOdds, formatShare, grouped } from "../../analysis/figures.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { CohortBin } from "../../types/observation.ts";
import type { RecordedBin, Recording } from "../bins.ts";
import type { Decision } from "../decision.ts";
import type { Look } from "../live.ts";
import type { Replay } from "../replay.ts";
import { renderGates } from "./gates.ts";
import { columns, type Paint, painter, type Style } from "./human.ts";

const words: Readonly<Record<Decision["kind"], { readonly text: string; readonly style: Style }>> = {
  promote: { text: "promote", style: "green" },
  revert: { text: "revert", style: "red" },
  hold: { text: "hold", style: "yellow" },
};

/** A line a minute at most, up to the bin that decides, and the decision. */
export function renderReplay(
  recording: Recording,
  { bins, decision }: Replay,
  { color }: { readonly color: boolean },
): string {
  const paint = painter(color);
  const end = bins.findIndex(({ t }) => t === decision.at) + 1;
  const rows = minutesOf(recording.bins.slice(0, end)).map((minute) => {
    const odds = bins[minute.last]?.e;
    return [
      "  ",
      minute.label,
      failed(minute.canary),
      failed(minute.stable),
      odds === undefined ? "" : `${formatOdds(odds)}:1`,
    ];
  });
  const head = ["  ", "bin", "canary failed", "stable failed", "evidence"];
  return [columns([head, ...rows]), "", renderDecision(decision, paint)].join("\n");
}

/** What it comes to, with its sentence. */
export function renderDecision({ kind, at, gate, cause, message }: Decision, paint: Paint): string {
  const { text, style } = words[kind];
  const place = typeof at === "number" && at < 1e9 ? `bin ${at}` : moment(at);
  const why = cause === "environment" ? `${gate}, cause: environment` : gate;
  return `${paint(style, text)} at ${place} (${why}): ${message}`;
}

/** One look of a live watch. */
export function renderLook({ at, leftMs, readings }: Look, paint: Paint): string {
  const left = leftMs === 0 ? "the end" : `${formatDuration(Math.ceil(leftMs / 1000))} left`;
  return `${paint("dim", at.slice(11, 19))}  ${renderGates(readings, paint)}   ${paint("dim", left)}`;
}

interface Minute {
  readonly label: string;
  /** Index of its last bin. */
  readonly last: number;
  readonly canary: readonly CohortBin[];
  readonly stable: readonly CohortBin[];
}

function minutesOf(bins: readonly RecordedBin[]): readonly Minute[] {
  const minutes = new Map<number, Minute>();
  for (const [last, { t, startMs, canary, stable }] of bins.entries()) {
    const minute = Math.floor(startMs / 60_000);
    const { label = labelOf(t), canary: before = [], stable: beside = [] } = minutes.get(minute) ?? {};
    minutes.set(minute, {
      label,
      last,
      canary: canary === undefined ? before : [...before, canary],
      stable: stable === undefined ? beside : [...beside, stable],
    });
  }
  return [...minutes.values()];
}

function failed(bins: readonly CohortBin[]): string {
  const n = bins.reduce((sum, bin) => sum + bin.n, 0);
  const errors = bins.reduce((sum, bin) => sum + bin.errors, 0);
  return n === 0 ? "no requests" : `${grouped(errors)} of ${grouped(n)} (${formatShare(errors, n)} %)`;
}

function labelOf(t: string | number): string {
  return typeof t === "number" && t < 1e9 ? String(t) : moment(t);
}

function moment(t: string | number): string {
  return new Date(t).toISOString().replace(/\.000Z$/, "Z");
}

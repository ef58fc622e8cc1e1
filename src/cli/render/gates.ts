import { formatOdds } from "../../analysis/figures.ts";
import type { GateName } from "../../types/gates.ts";
import type { GateReading } from "../../types/verdict.ts";
import type { Paint } from "./human.ts";

/** Gates that every look names; the others only where they don't pass. */
const always: readonly GateName[] = ["error-rate", "p95-latency", "exceptions", "health"];
const names: Readonly<Partial<Record<GateName, string>>> = {
  "error-rate": "errors",
  "p95-latency": "slow",
  "db-pool": "pool",
  "queue-depth": "queue",
  slo: "SLO",
};

/** All gates of one look in one line, values in columns: `errors  0.10 % ≤ 1 %   slow  0.42 % ≤ 5 % …`. */
export function renderGates(readings: readonly GateReading[], paint: Paint): string {
  const known = always.flatMap((gate) => readings.find((reading) => reading.gate === gate) ?? []);
  const others = readings.filter(({ gate, verdict }) => !always.includes(gate) && verdict !== "pass");
  return [...known, ...others].map((reading) => cell(reading, paint)).join("   ");
}

function cell(reading: GateReading, paint: Paint): string {
  const text = `${gateName(reading.gate)} ${valueText(reading)}`;
  if (reading.verdict === "fail") return paint(["red", "bold"], text);
  return reading.verdict === "pass" ? text : paint("yellow", text);
}

/** A gate as people say it. */
export function gateName(gate: GateName): string {
  return names[gate] ?? gate.replace(/^review:/, "");
}

/** Value and limit of a gate, or why there is no value. Never a 0 for want of one. */
export function valueText({ gate, value, limit, verdict }: GateReading): string {
  if (gate === "health") return verdict === "pass" ? "ok" : verdict === "fail" ? "failing" : verdict;
  if (value === undefined || gate === "integrity" || gate === "budget") return verdict;
  const sign = value > limit ? ">" : "≤";
  if (gate === "evidence") return `${formatOdds(value)}:1, limit ${limit}:1`;
  if (gate === "traffic") return `${value.toFixed(2)} % of ${limit} %`;
  if (gate === "slo") return `${value.toFixed(2)} % available`;
  if (gate === "exceptions") return `${String(value).padStart(2)} ${sign} ${limit}`;
  if (gate === "queue-depth" || gate.startsWith("review:")) return `${value} ${sign} ${limit}`;
  return `${value.toFixed(2).padStart(5)} % ${sign} ${limit} %`;
}

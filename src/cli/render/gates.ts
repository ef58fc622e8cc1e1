import type { GateName } from "../../types/plan.ts";
import type { GateReading } from "../../types/verdict.ts";
import type { Paint } from "./human.ts";

const order: readonly GateName[] = ["error-rate", "p95-latency", "exceptions", "health"];
const names: Readonly<Record<GateName, string>> = {
  "error-rate": "errors",
  "p95-latency": "slow",
  exceptions: "exceptions",
  health: "health",
  "db-pool": "pool",
  "queue-depth": "queue",
  memory: "memory",
};

/** All gates of one look in one line, values in columns: `errors  0.10 % ≤ 1 %   slow  0.42 % ≤ 5 % …`. */
export function renderGates(readings: readonly GateReading[], paint: Paint): string {
  const known = order.flatMap((gate) => readings.find((reading) => reading.gate === gate) ?? []);
  return known.map((reading) => cell(reading, paint)).join("   ");
}

function cell(reading: GateReading, paint: Paint): string {
  const text = `${names[reading.gate]} ${valueText(reading)}`;
  if (reading.verdict === "fail") return paint(["red", "bold"], text);
  return reading.verdict === "pass" ? text : paint("yellow", text);
}

/** Value and limit of a gate, or why there is no value. Never a 0 for want of one. */
export function valueText({ gate, value, limit, verdict }: GateReading): string {
  if (gate === "health") return verdict === "pass" ? "ok" : verdict === "fail" ? "failing" : verdict;
  if (value === undefined) return verdict;
  const sign = value > limit ? ">" : "≤";
  if (gate === "exceptions") return `${String(value).padStart(2)} ${sign} ${limit}`;
  return `${value.toFixed(2).padStart(5)} % ${sign} ${limit} %`;
}

import type { GateReading } from "../types/verdict.ts";

/** What `rollouts judge` says in the end. */
export interface Decision {
  readonly kind: "revert" | "promote" | "hold";
  /** The bin that decided, as its line has it; of a live watch an ISO 8601 time. */
  readonly at: string | number;
  /** The gate that reverts or holds; `evidence` where it promotes. */
  readonly gate: string;
  /** Of a revert: `environment` where stable breaches the limit too. */
  readonly cause?: "canary" | "environment";
  readonly message: string;
}

/** What the readings of a last look come to. Silence is no success: no reading at all holds. */
export function verdictOf(readings: readonly GateReading[], at: string | number): Decision {
  const failed = readings.find(({ verdict }) => verdict === "fail");
  if (failed !== undefined) return decisionOf("revert", at, failed);
  const unproved = readings.find(({ verdict }) => verdict !== "pass");
  if (unproved !== undefined) return decisionOf("hold", at, unproved);
  const proof = readings.find(({ gate }) => gate === "evidence") ?? readings[0];
  if (proof === undefined) return { kind: "hold", at, gate: "error-rate", message: "nothing was judged" };
  return decisionOf("promote", at, proof);
}

/** A decision on one gate. */
export function decisionOf(kind: Decision["kind"], at: string | number, reading: GateReading): Decision {
  const { gate, message, cause } = reading;
  return { kind, at, gate, ...(kind === "revert" && cause !== undefined ? { cause } : {}), message };
}

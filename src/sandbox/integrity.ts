import type { Integrity } from "../ports/gauge.ts";
import type { IntegrityAnswer } from "../types/watch.ts";
import type { Observed } from "./observed.ts";
import { answeredIn } from "./served.ts";

/** A check of the events' hash chain: whole, unless the fault `integrity` is in force and its version has written. */
export function createSandboxIntegrity(sandbox: Observed): Integrity {
  return { name: "sandbox", check: (query) => Promise.resolve(check(sandbox, query)) };
}

function check(
  sandbox: Observed,
  { sinceMs, nowMs, signal }: Parameters<Integrity["check"]>[0],
): IntegrityAnswer {
  if (signal?.aborted === true) return { status: "error", message: "the check was cancelled" };
  const { cloud, faults } = sandbox;
  cloud.settle();
  const span = { fromMs: sinceMs, toMs: nowMs };
  if (!faults.now("integrity").some((fault) => answeredIn(sandbox, fault, span)))
    return { status: "whole", message: "every event's hash follows from the one before it" };
  return {
    status: "broken",
    message: "the hash of event evt-000417 does not follow from event evt-000416 (fault integrity)",
  };
}

import { checksOf } from "../../adapters/validation/checks.ts";
import { type Check, runChecks } from "../../adapters/validation/run-checks.ts";
import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Health } from "../../ports/metrics.ts";
import type { Validation } from "../../ports/validation.ts";
import { fails } from "../../sandbox/app-service.ts";
import type { FaultSpec } from "../../sandbox/faults.ts";
import type { ValidateConfig } from "../../types/slots.ts";
import type { RehearsedCloudOptions } from "./rehearsed-cloud.ts";

/** Names of the checks that a config comes to; none of them is run. */
function checkNames(config: ValidateConfig, runtime: Runtime): readonly string[] {
  const openCredential = () => Promise.reject(new Error("a check was run for its name"));
  const at = { baseUrl: "http://idle", openCredential, cwd: ".", env: {} };
  return checksOf({ ...at, config, runtime }).checks.map(({ name }) => name);
}

/** A fault of a check that nobody runs would be a rehearsal of nothing. Throws (exit 2) `fault-unknown`. */
export function assertChecksExist(
  faults: readonly FaultSpec[],
  config: ValidateConfig,
  runtime: Runtime,
): void {
  const known = checkNames(config, runtime);
  for (const fault of faults) {
    if (fault.kind !== "validation" || known.includes(fault.check)) continue;
    throw new RolloutError(`The fault ${fault.text} names no check of rollout.validate.`, {
      code: "fault-unknown",
      exit: "config",
      path: "fault",
      hint: `Its checks: ${known.join(", ")}.`,
    });
  }
}

/** In place of a check that would reach out of the rehearsal: a command of the user's, their database, their vault. */
export function rehearsedCheck(name: string, faults: readonly FaultSpec[]): Check {
  return {
    name,
    timeoutMs: 10_000,
    run: async () => {
      if (fails(faults, name)) throw new Error(`fails (fault validation=${name})`);
      return "rehearsed: not run";
    },
  };
}

/** The validation of a candidate in the sandbox's cluster: its own pods answer, the rest is rehearsed. */
export function rehearsedValidation(
  options: Pick<RehearsedCloudOptions, "faults" | "runtime" | "policy"> & { readonly health: Health },
): Validation {
  const { faults, runtime, policy, health } = options;
  const ofPods = (name: string): Check => ({
    name,
    timeoutMs: 10_000,
    run: async () => {
      if (fails(faults, name)) throw new Error(`answered 500 (fault validation=${name})`);
      const { candidate } = await health.probe({ tries: 1, timeoutMs: 5000 });
      if (candidate.status === "ok") return "the candidate's pods answer 200";
      throw new Error(
        candidate.status === "no-answer" ? candidate.message : `answered ${candidate.httpStatus}`,
      );
    },
  });
  const checks = checkNames(policy.validate, runtime).map((name) =>
    name === "health" || name === "ready" ? ofPods(name) : rehearsedCheck(name, faults),
  );
  return {
    name: "rehearsed",
    run: (signal) => runChecks({ checks, secrets: [], runtime, signal }),
  };
}

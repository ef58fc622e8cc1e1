import { redact } from "../../lib/redact.ts";
import type { EngineFailure } from "../../ports/engine.ts";
import type { EngineDiagnostic, EventLog } from "./events.ts";

/** What is known of an operation that failed. */
export interface FailedOperation {
  readonly log: EventLog;
  /** What the SDK threw. */
  readonly error: unknown;
  /** What the program threw, if it did. */
  readonly programError?: unknown;
  /** Whether our own signal had stopped it. */
  readonly aborted: boolean;
  readonly secrets: readonly string[];
}

/** The Kubernetes provider on a field that another manager owns: the one failure that events don't mark. */
const conflictText = /Server-Side Apply field conflict|Apply failed with \d+ conflict/i;
const lockText = /the stack is currently locked by|Another update is currently in progress/;
const stackType = "::pulumi:pulumi:Stack::";

/**
 * Why an operation failed. From events first: exit codes don't tell (a policy, a resource and a cancelled
 * update are all 1), and prose only where the engine has nothing better.
 */
export function classifyFailure(operation: FailedOperation): EngineFailure {
  const failure = find(operation);
  return { ...failure, message: redact(failure.message, operation.secrets) };
}

function find({ log, error, programError, aborted }: FailedOperation): EngineFailure {
  const text = errorText(error);
  if (aborted) return { kind: "cancelled", message: "The update was stopped by our signal." };
  if (lockText.test(text)) return { kind: "locked", message: excerpt(text, lockText) };
  const signal = killedBy(error);
  if (signal !== undefined && !log.finished)
    return { kind: "unknown", message: `The engine was ended by ${signal} in the middle of its work.` };
  const resource = resourceError(log);
  if (resource !== undefined) {
    const kind = conflictText.test(resource.message) ? "conflict" : "resource";
    return { kind, ...(resource.urn === undefined ? {} : { urn: resource.urn }), message: resource.message };
  }
  const broken = log.violations.filter(({ level }) => level === "mandatory");
  if (broken.length > 0) {
    const message = broken.map(({ policy, message: why }) => `policy ${policy}: ${why}`).join("; ");
    return { kind: "unknown", message };
  }
  if (programError !== undefined) return { kind: "program", message: messageOf(programError) };
  const [own] = log.errors;
  if (own !== undefined) return { kind: "program", message: own.message };
  return { kind: "unknown", message: excerpt(text) };
}

/** The first resource that failed, with what was said of it; a failure of Check has no failed step. */
function resourceError(log: EventLog): EngineDiagnostic | undefined {
  const ofResources = log.errors.filter(({ urn }) => urn !== undefined && !urn.includes(stackType));
  const [urn] = log.failedUrns;
  if (urn === undefined) return ofResources[0];
  const said = ofResources.filter((diagnostic) => diagnostic.urn === urn).map(({ message }) => message);
  return { urn, message: said.length > 0 ? said.join("\n") : "The operation on the resource failed." };
}

/** The signal that ended the CLI, where one did. */
function killedBy(error: unknown): string | undefined {
  const { signal } = Object(Object(Object(error)["commandResult"])["err"]);
  return typeof signal === "string" ? signal : undefined;
}

/** All text of an SDK error; the CLI's own lies under `commandResult.err`, which the typings hide. */
export function errorText(error: unknown): string {
  const result = Object(Object(error)["commandResult"]);
  const cause = Object(result["err"]);
  const parts = [cause["stderr"], cause["stdout"], result["stderr"], messageOf(error)];
  return parts.filter((part) => typeof part === "string" && part !== "").join("\n");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The line that matches, else the last lines that are no banner. */
function excerpt(text: string, pattern?: RegExp): string {
  const lines = text.split("\n").map((line) => line.trim());
  const hit = pattern === undefined ? undefined : lines.find((line) => pattern.test(line));
  if (hit !== undefined) return hit;
  const rest = lines.filter((line) => line !== "" && !/^(code|stdout|stderr|err\??):/.test(line));
  return rest.slice(-5).join("\n") || "The engine gave no reason.";
}

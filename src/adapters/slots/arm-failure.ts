import { messageOf } from "../../lib/error-message.ts";
import type { ArmFailure } from "./slots-api.ts";

/** Longest message of ARM's that is passed on. */
const longest = 300;

/**
 * What an error of the SDK means. Only answers that say that nothing was begun count as that: 409, 429, the VM
 * allocation of azure-pipelines-tasks#12835. A lost connection, a 5xx and whatever has no status are `unknown`.
 */
export function armFailure(error: unknown): ArmFailure {
  const status = statusOf(error);
  return {
    kind: status === undefined ? "unknown" : kindOf(status, messageOf(error)),
    message: textOf(error),
  };
}

/** HTTP status of an SDK's error; undefined where none came. */
export function statusOf(error: unknown): number | undefined {
  const status: unknown = Object(error).statusCode;
  return typeof status === "number" ? status : undefined;
}

/** A failure that ARM reports in the body of an operation: the same texts, without a status of their own. */
export function operationFailure(message: string): ArmFailure {
  return { kind: kindOf(400, message), message: shorten(message) };
}

function kindOf(status: number, message: string): ArmFailure["kind"] {
  if (/prepared for swap/i.test(message)) return "prepared";
  if (status === 409 || /another operation is in progress/i.test(message)) return "in-progress";
  if (status === 429) return "throttled";
  if (/allocation of VM instances/i.test(message)) return "vm-allocation";
  return status >= 500 ? "unknown" : "refused";
}

function textOf(error: unknown): string {
  const status = statusOf(error);
  const code: unknown = Object(error).code;
  const prefix = status === undefined ? (typeof code === "string" ? `${code}: ` : "") : `${status}: `;
  return shorten(`${prefix}${messageOf(error)}`);
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

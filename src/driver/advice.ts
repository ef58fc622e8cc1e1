import type { PolicyViolation } from "../types/engine.ts";
import { journal, type Session } from "./session.ts";

/** What the guardrails recommend, each thing once a rollout: what they forbid is a refusal, and said by that. */
export async function sayAdvice(session: Session, violations: readonly PolicyViolation[]): Promise<void> {
  session.advised ??= new Set();
  const { advised } = session;
  const fresh = violations.filter((one) => one.level === "advisory" && !advised.has(keyOf(one)));
  if (fresh.length === 0) return;
  for (const one of fresh) advised.add(keyOf(one));
  const advice = fresh.map(({ policy, urn, message }) => ({
    policy,
    ...(urn === undefined ? {} : { resource: urn.split("::").slice(-2).join(" ") }),
    message,
  }));
  await journal(session, "observed", { advice });
}

function keyOf({ policy, urn, message }: PolicyViolation): string {
  return JSON.stringify([policy, urn, message]);
}

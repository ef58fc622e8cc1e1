import type { Observations } from "../decide/decide.ts";
import type { RolloutRequest } from "../types/decision.ts";
import type { ServiceReading } from "../types/observation.ts";
import { type Acknowledged, acknowledgedElsewhere } from "./acknowledged.ts";
import { riseOf } from "./escalate.ts";
import { serviceNews } from "./escalate-alone.ts";
import { readService } from "./read-service.ts";
import { journal, type Session } from "./session.ts";

const freshMs = 60_000;

/**
 * Tells whom an alarm goes up to, beside everything else: nothing waits for a source here. Its times are the journal's.
 */
export interface AlarmWatch {
  /** After what was decided is on its way. Gives the moment of the rollout's clock at which it has to be asked again. */
  look(observations: Observations, requests: readonly RolloutRequest[]): Promise<number | undefined>;
}

export function alarmWatch(session: Session): AlarmWatch {
  const { deps, rolloutId, plan } = session;
  let ask: Ask | undefined;
  /** Whether the lead has to wait for the incident system; asked once a minute. */
  const spared = async (nowMs: number): Promise<boolean> => {
    if (deps.incidents?.acknowledgedBy === undefined) return false;
    if (ask === undefined || nowMs - ask.atMs > freshMs) {
      const asked: Ask = { atMs: nowMs };
      ask = asked;
      const stack = deps.start?.stack ?? plan.environment;
      void acknowledgedElsewhere(deps, { rolloutId, plan, stack }).then((by) => {
        asked.answer = by ?? "nobody";
      });
    }
    if (ask.answer === undefined) return true;
    if (ask.answer === "nobody") return false;
    await journal(session, "observed", { acknowledged: ask.answer });
    return true;
  };
  return {
    look: async (observations, requests) => {
      if (deps.policy.escalation === undefined) return undefined;
      session.written ??= (await deps.record.journal.read()).filter((one) => one.rolloutId === rolloutId);
      for (const data of serviceNews(session.written, observations.service))
        await journal(session, "observed", data);
      const nowMs = deps.runtime.clock.now();
      const rise = riseOf({ entries: session.written, requests }, nowMs);
      let again = rise?.nextAtMs;
      for (const { rung, data } of rise?.due ?? []) {
        if (rung === "lead" && (await spared(nowMs))) again = nowMs + 1000;
        else await journal(session, "observed", data);
      }
      return again;
    },
  };
}

interface Ask {
  readonly atMs: number;
  /** Absent: it is under way. */
  answer?: Acknowledged | "nobody";
}

/**
 * The service while it turns back, when no gate is asked: started and left, so that no step of the way back waits for an
 * endpoint that hangs.
 */
export function readServiceBeside(session: Session): ServiceReading | undefined {
  const { deps, plan } = session;
  if (deps.policy.escalation === undefined || !session.state.name.startsWith("reverting-")) return undefined;
  const { clock, signal } = deps.runtime;
  const look = { gates: plan.gates, nowMs: clock.now(), spanMs: freshMs * 3, signal };
  session.serviceAsk ??= readService(deps, look)
    .then((reading) => {
      session.serviceReading = reading;
    })
    .catch(() => {})
    .finally(() => delete session.serviceAsk);
  const reading = session.serviceReading;
  delete session.serviceReading;
  return reading;
}

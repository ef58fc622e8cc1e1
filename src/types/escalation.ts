/** Who is told when it isn't over: the guide's path above the person on call. */
export const rungs = ["lead", "manager", "vp", "cto"] as const;

export type Rung = (typeof rungs)[number];

/** After how long each of them is told, seconds. */
export interface EscalationConfig {
  /** The deployment lead, unless somebody has acknowledged the alarm. Default: 5 min. */
  readonly leadAfterSeconds: number;
  /** The VP, of a service that is down. Default: 30 min. */
  readonly vpAfterSeconds: number;
  /** The CTO, of a SEV1. Default: 1 h. */
  readonly ctoAfterSeconds: number;
}

/** What of a rollout's alarm is known: times in ms of the rollout's clock. Absent: it isn't so. */
export interface Alarm {
  /** The person on call was told, and no good end has come since. */
  readonly openSinceMs?: number;
  /** Who has acknowledged what is open. */
  readonly acknowledged?: { readonly by: string; readonly atMs: number };
  readonly revertFailedAtMs?: number;
  /** The service itself is down, stable too. */
  readonly down?: { readonly sinceMs: number; readonly why: string };
  /** The worst there is: a service that is down, a way back that failed, broken data, or somebody said so. */
  readonly sev1?: { readonly sinceMs: number; readonly why: string };
  /** Who was told since it is open. */
  readonly told: ReadonlySet<Rung>;
}

/** Somebody who is to be told now. */
export interface Escalation {
  readonly rung: Rung;
  /** For people, whole. */
  readonly why: string;
  /** Of what they are told: when that began, ms. */
  readonly sinceMs: number;
}

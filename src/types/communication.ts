import type { EscalationConfig, Rung } from "./escalation.ts";

/** Whom a concern calls beside whoever is on call: corruption security, a compliance violation compliance. */
export type Guard = "security" | "compliance";

/**
 * Which messages a channel gets: all, those of an incident (revert, hold, page), those of progress, an alarm that goes up
 * to somebody, or those of a concern.
 */
export type ChannelFor = "all" | "incidents" | "deployments" | Rung | Guard;

/** Who is named in messages, and what they lead to. Everything may be absent: nothing is made up. */
export interface Communication {
  readonly onCall?: { readonly primary: string; readonly secondary?: string };
  readonly lead?: string;
  readonly manager?: string;
  readonly vp?: string;
  readonly cto?: string;
  /** Who is called for data corruption. */
  readonly security?: string;
  /** Who is called for a compliance violation. */
  readonly compliance?: string;
  /** IANA zone in which times are told. */
  readonly zone: string;
  readonly dashboards: readonly MessageLink[];
  /** When and where the root cause is analysed after a revert, in the team's own words. */
  readonly rca?: string;
}

export interface MessageLink {
  readonly name: string;
  readonly url: string;
}

/** A channel as the journal names it: what a message is owed to. */
export interface ChannelRef {
  /** Unique within a stack: `slack`, `slack 2`. */
  readonly name: string;
  readonly kind: string;
  readonly for: ChannelFor;
}

/** One way to take traffic off without this tool. */
export interface BreakGlass {
  /** `All traffic to atp-ingestion`. */
  readonly what: string;
  /** Whole command lines for a POSIX shell, in order. */
  readonly commands: readonly string[];
}

/** What the messages of a rollout are made with beside its plan: kept in its first entry. */
export interface Announcement {
  readonly schemaVersion: 1;
  /** As in `Pulumi.<stack>.yaml`. */
  readonly stack: string;
  readonly channels: readonly ChannelRef[];
  readonly communication: Communication;
  /** What the version changes, in somebody's words. */
  readonly about?: string;
  readonly breakGlass: readonly BreakGlass[];
  /** Kind of the incident system; absent: none is told. */
  readonly incidents?: string;
  /** After how long an alarm goes up; absent: it doesn't. */
  readonly escalation?: EscalationConfig;
}

import type { ChecklistItem } from "./checklist.ts";

/** An item that a stack does without, said in its config by somebody with a name. */
export interface WaivedItem {
  readonly item: ChecklistItem;
  readonly by: string;
  readonly reason: string;
}

/** Where proof of an item is read. Commands: exit 0 is met, 1 is unmet, all else is unknown. */
export type EvidenceConfig =
  | { readonly kind: "command"; readonly run: readonly string[] }
  /** GET; 2xx is met. */
  | { readonly kind: "http"; readonly url: string };

/** Uptime checks of others. Unknown is unmet. */
export type SyntheticConfig =
  | { readonly kind: "http"; readonly url: string }
  | {
      readonly kind: "pingdom";
      /** Secret. */
      readonly token: string;
      /** Numbers of the checks. */
      readonly checks: readonly number[];
      readonly endpoint: string;
    }
  | {
      /** Availability tests of Application Insights, by name, from the logs. */
      readonly kind: "availability";
      readonly workspaceId?: string;
      readonly resourceId?: string;
      readonly endpoint?: string;
      readonly tests: readonly string[];
    };

/** The checklists of one stack. */
export interface ChecklistConfig {
  readonly waived: readonly WaivedItem[];
  /** How long a person's confirmation before the start holds, seconds. Default: 4 h. */
  readonly confirmedWithinSeconds: number;
  /** The journal in which the revert has to be exercised, and for how long that holds. Default: staging, 14 days. */
  readonly revertRehearsed: { readonly stack: string; readonly withinDays: number };
  /** Asked for a major change; absent: a person confirms. */
  readonly loadTest?: EvidenceConfig;
  /** SARIF 2.1.0. Absent: a person confirms. `withinDays`: older scans don't count; default 7. */
  readonly securityScan?: { readonly path: string; readonly withinDays: number };
  /** The production smoke test; absent: a person confirms. */
  readonly smoke?: EvidenceConfig;
  /** Absent or empty: a person confirms. */
  readonly synthetics: readonly SyntheticConfig[];
  /** What lists the candidate's exceptions by type; absent: from the logs where metrics are read there, else a person watches. */
  readonly exceptions?: { readonly kind: "command"; readonly run: readonly string[] };
}

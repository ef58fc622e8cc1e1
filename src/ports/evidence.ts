import type { EvidenceAnswer } from "../types/evidence.ts";

export type { EvidenceAnswer };

/** Proof of one item of a checklist, read where it lies. Never throws; no key stands in a message. */
export interface Evidence {
  readonly name: string;
  read(query: {
    readonly version: string;
    readonly nowMs: number;
    readonly signal?: AbortSignal;
  }): Promise<EvidenceAnswer>;
}

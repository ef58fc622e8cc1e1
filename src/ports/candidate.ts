/** One file of what is kept: a relative path with slashes, and its text. */
export interface EvidenceFile {
  readonly name: string;
  readonly content: string;
}

/** What could be read of a candidate, and what could not. */
export interface CandidateEvidence {
  readonly files: readonly EvidenceFile[];
  /** What could not be read, each with its reason: never left out in silence. */
  readonly problems: readonly string[];
  /** What was left out on purpose: the older part of a long log. */
  readonly notes: readonly string[];
}

/**
 * The candidate as it stands: its pods as their platform has them, and what they have logged. Only reads, as often as
 * somebody asks. Never throws: what can't be read is a problem of its own, and the rest is still there.
 */
export interface Candidate {
  readonly name: string;
  collect(signal: AbortSignal): Promise<CandidateEvidence>;
}

import { thresholdsOf } from "../../analysis/judge.ts";
import { isKept } from "../../decide/kept.ts";
import { isEnd } from "../../decide/states.ts";
import { journalEvidence, jsonFile } from "../../driver/evidence.ts";
import type { Recorded } from "../../driver/resume.ts";
import { redact } from "../../lib/redact.ts";
import type { CandidateEvidence, EvidenceFile } from "../../ports/candidate.ts";
import type { CommandContext } from "../command.ts";
import type { EvidencePorts } from "../compose/evidence-ports.ts";
import type { OpenStack } from "../record-view.ts";
import { asked } from "../requests.ts";
import { verificationOf } from "../verify-history.ts";
import { type BundleFile, type Manifest, manifestOf } from "./bundle.ts";
import { earlierBundle, type Written, writeBundle } from "./write.ts";

/** Whose evidence is exported, with what, and where to. */
export interface ExportOf {
  readonly stack: OpenStack;
  readonly recorded: Recorded;
  readonly ports: EvidencePorts;
  /** Absolute folder of the bundle. */
  readonly out: string;
}

/** A bundle that was written. */
export interface Exported extends Written {
  readonly manifest: Manifest;
}

/**
 * Collects what is known of a rollout and writes it as one folder. What can't be read is a problem in its manifest, and
 * everything else is written.
 *
 * @throws RolloutError `not-a-bundle` (exit 2) before anything is read
 */
export async function exportEvidence(context: CommandContext, of: ExportOf): Promise<Exported> {
  const { stack, recorded, ports, out } = of;
  const { rolloutId, plan, state } = recorded;
  await earlierBundle(out, rolloutId);
  const told = journalEvidence(stack.entries, recorded);
  const [chained, counted, candidate] = await Promise.all([
    journalFiles(context, stack),
    countedBins(context, of),
    candidateFiles(context, of),
  ]);
  const texts = [...told.files, ...chained.texts, ...counted.files, ...candidate.files];
  const masked = texts.map(({ name, content }) => ({ name, content: redact(content, ports.secrets) }));
  const mask = (lines: readonly string[]) => lines.map((line) => redact(line, ports.secrets));
  // The journal was masked as it was written; another byte would break its chain.
  const files: readonly BundleFile[] = [chained.journal, ...masked];
  const { concern } = state.cause ?? {};
  const about = {
    rolloutId,
    stack: stack.at.stack,
    service: plan.service,
    from: plan.from,
    to: plan.to,
    ...(concern === undefined ? {} : { concern }),
    exportedAt: new Date(context.runtime.wall.now()).toISOString(),
    exportedBy: asked(context).by,
    problems: mask([...ports.problems, ...chained.problems, ...counted.problems, ...candidate.problems]),
    notes: mask([...told.notes, ...ports.notes, ...counted.notes, ...candidate.notes]),
  };
  const manifest = manifestOf(about, files);
  return { ...(await writeBundle(out, manifest, files)), manifest };
}

interface Chained {
  readonly journal: BundleFile;
  readonly texts: readonly EvidenceFile[];
  readonly problems: readonly string[];
}

/** The journal byte by byte, and whether it is what was written. */
async function journalFiles(context: CommandContext, { at, record }: OpenStack): Promise<Chained> {
  const bytes = await record.journal.bytes();
  const { location } = record.journal;
  const verification = await verificationOf(context, { at, bytes, journal: location });
  const { status, anchorError } = verification;
  return {
    journal: { name: "journal.jsonl", content: bytes },
    texts: [jsonFile("verify.json", verification)],
    problems: [
      ...(status === "damaged" ? [`journal.jsonl is not what was written (verify.json)`] : []),
      ...(anchorError === undefined
        ? []
        : [`verify.json: the stack's state has no anchor for us: ${anchorError}`]),
    ],
  };
}

/** The bins of both sides since the first exposure, as the gates count them. */
async function countedBins(
  { runtime }: CommandContext,
  { recorded, ports }: ExportOf,
): Promise<CandidateEvidence> {
  const { metrics } = ports;
  const sinceMs = recorded.state.exposedSinceMs;
  if (metrics === undefined) return nothing;
  if (sinceMs === undefined) return { ...nothing, notes: ["metrics.json: it never had traffic"] };
  const { signal } = runtime;
  const nowMs = runtime.clock.now();
  const answer = await metrics.observe({ sinceMs, nowMs, ...thresholdsOf(recorded.plan.gates), signal });
  if (answer.status !== "value") {
    const why = answer.status === "error" ? answer.message : "the source has nothing";
    return { ...nothing, problems: [`metrics.json: ${metrics.name}: ${why}`] };
  }
  const span = { since: new Date(sinceMs).toISOString(), until: new Date(nowMs).toISOString() };
  return { ...nothing, files: [jsonFile("metrics.json", { source: metrics.name, ...span, ...answer })] };
}

async function candidateFiles(
  { runtime }: CommandContext,
  { recorded, ports }: ExportOf,
): Promise<CandidateEvidence> {
  const { state } = recorded;
  const over = isEnd(state.name) && state.name !== "held";
  if (ports.candidate === undefined) return nothing;
  if (over) return { ...nothing, notes: [`candidate: the rollout is over (${state.name}), it is gone`] };
  const collected = await ports.candidate.collect(runtime.signal);
  const early = isKept(state) ? [] : [`candidate: as it was in ${state.name}`];
  return { ...collected, notes: [...collected.notes, ...early] };
}

const nothing: CandidateEvidence = { files: [], problems: [], notes: [] };

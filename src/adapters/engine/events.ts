import { z } from "zod";
import type { ChangeSummary, PolicyViolation, ResourceChange } from "../../types/engine.ts";

/** An error that the engine or a provider told of. */
export interface EngineDiagnostic {
  readonly urn?: string;
  readonly message: string;
}

/** What the events of one operation came to. */
export interface EventLog {
  readonly summary: ChangeSummary;
  readonly changes: readonly ResourceChange[];
  readonly violations: readonly PolicyViolation[];
  readonly errors: readonly EngineDiagnostic[];
  /** Resources whose own operation failed, in order. */
  readonly failedUrns: readonly string[];
  /** Whether the engine got as far as its summary, which is sent after the last step. */
  readonly finished: boolean;
}

const metadata = z.looseObject({
  op: z.string(),
  urn: z.string(),
  type: z.string().optional(),
  diffs: z.array(z.string()).nullish(),
  detailedDiff: z.record(z.string(), z.unknown()).nullish(),
  old: z.looseObject({ initErrors: z.array(z.string()).nullish() }).nullish(),
});
type StepMetadata = z.infer<typeof metadata>;
const engineEvent = z.looseObject({
  resourcePreEvent: z.looseObject({ metadata }).optional(),
  resOpFailedEvent: z.looseObject({ metadata }).optional(),
  diagnosticEvent: z
    .looseObject({ urn: z.string().optional(), message: z.string(), severity: z.string() })
    .optional(),
  summaryEvent: z.looseObject({ resourceChanges: z.record(z.string(), z.number()).nullish() }).optional(),
  policyEvent: z
    .looseObject({
      resourceUrn: z.string().optional(),
      message: z.string(),
      policyName: z.string(),
      enforcementLevel: z.string(),
    })
    .optional(),
});

/** Steps that look and change nothing. */
const silentOps = new Set(["same", "read", "refresh"]);

/**
 * Collects the events of one operation. Parsed here and not by the SDK's types, which lack fields that arrive
 * and name levels that don't.
 */
export class EventCollector {
  readonly #changes: ResourceChange[] = [];
  readonly #violations: PolicyViolation[] = [];
  readonly #errors: EngineDiagnostic[] = [];
  readonly #failedUrns: string[] = [];
  #summary: ChangeSummary | undefined;
  #counted: Record<string, number> = {};

  /** Takes one event as it arrived. An event of an unknown shape is passed over: engines add kinds. */
  add(event: unknown): void {
    const parsed = engineEvent.safeParse(event);
    if (!parsed.success) return;
    const { resourcePreEvent, resOpFailedEvent, diagnosticEvent, summaryEvent, policyEvent } = parsed.data;
    if (resourcePreEvent !== undefined) this.#step(resourcePreEvent.metadata);
    if (resOpFailedEvent !== undefined) this.#failedUrns.push(resOpFailedEvent.metadata.urn);
    if (diagnosticEvent?.severity === "error") {
      const { urn } = diagnosticEvent;
      const message = plain(diagnosticEvent.message);
      if (message !== "") this.#errors.push({ ...(urn ? { urn } : {}), message });
    }
    if (summaryEvent !== undefined) this.#summary = counted(summaryEvent.resourceChanges ?? {});
    if (policyEvent !== undefined) this.#violations.push(violationOf(policyEvent));
  }

  /** What was collected so far. */
  log(): EventLog {
    return {
      summary: this.#summary ?? this.#counted,
      changes: [...this.#changes],
      violations: [...this.#violations],
      errors: [...this.#errors],
      failedUrns: [...this.#failedUrns],
      finished: this.#summary !== undefined,
    };
  }

  #step(step: StepMetadata): void {
    const { op, urn, type } = step;
    // A stack reads its own record through a reference in every run: that is no change of anything.
    if (op === "read" || op === "refresh") return;
    this.#counted = { ...this.#counted, [op]: (this.#counted[op] ?? 0) + 1 };
    if (!silentOps.has(op)) this.#changes.push({ urn, type: type ?? typeOf(urn), op, ...notLive(step) });
  }
}

/** A resource that failed to become live is written again by the next update, also where nothing differs. */
function notLive({ op, diffs, detailedDiff, old }: StepMetadata): Pick<ResourceChange, "notLive"> {
  const errors = old?.initErrors ?? [];
  const differs = (diffs ?? []).length > 0 || Object.keys(detailedDiff ?? {}).length > 0;
  return op === "update" && errors.length > 0 && !differs ? { notLive: errors } : {};
}

/** `kubernetes:apps/v1:Deployment` of a URN whose type part may name its parents too. */
export function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

function counted(changes: Readonly<Record<string, number>>): ChangeSummary {
  return Object.fromEntries(Object.entries(changes).filter(([op]) => op !== "read" && op !== "refresh"));
}

function violationOf(event: {
  readonly resourceUrn?: string | undefined;
  readonly message: string;
  readonly policyName: string;
  readonly enforcementLevel: string;
}): PolicyViolation {
  const message = withoutDescription(plain(event.message));
  // In a preview a mandatory policy that meets an unknown value is let through as advisory: fail closed.
  const unproven = /can't run policy/i.test(message);
  return {
    policy: event.policyName,
    level: event.enforcementLevel === "mandatory" || unproven ? "mandatory" : "advisory",
    ...(event.resourceUrn ? { urn: event.resourceUrn } : {}),
    message,
  };
}

/** The SDK puts a policy's description before what it has found, in a line of its own. */
function withoutDescription(message: string): string {
  const [, ...found] = message.split("\n");
  return found.length === 0 ? message : found.join("\n").trim();
}

/** Without the engine's colour marks. */
function plain(message: string): string {
  return message.replaceAll(/<\{%[^%]*%\}>/g, "").trim();
}

import { RolloutError } from "../../src/errors/errors.ts";
import type { Annotation, Annotations } from "../../src/ports/annotations.ts";

export interface MemoryAnnotations extends Annotations {
  /** What stands on the timeline, by time. */
  marks(): readonly Annotation[];
  /** From now on every mark is refused; undefined: it works again. */
  failWith(message: string | undefined): void;
}

/** A timeline in memory. */
export function createMemoryAnnotations(): MemoryAnnotations {
  const marks = new Map<string, Annotation>();
  let failure: string | undefined;
  return {
    name: "memory",
    marks: () => [...marks.values()].sort((a, b) => a.atMs - b.atMs),
    failWith: (message) => {
      failure = message;
    },
    mark: async (annotation, signal) => {
      const why = signal?.aborted ? "it was cancelled" : failure;
      if (why !== undefined) throw new RolloutError(why, { code: "annotation-failed", exit: "error" });
      marks.set(JSON.stringify([annotation.rolloutId, annotation.step]), annotation);
    },
  };
}

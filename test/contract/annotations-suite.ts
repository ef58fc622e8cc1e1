import { describe, expect, it } from "vitest";
import type { Annotation, Annotations } from "../../src/ports/annotations.ts";

export interface AnnotationsUnderTest {
  readonly annotations: Annotations;
  /** What people see on the timeline, by time. */
  readonly marks: () => readonly Pick<Annotation, "title" | "atMs" | "facts">[];
  /** From now on nothing is taken. */
  readonly breakIt: () => Promise<void>;
  readonly secrets?: readonly string[];
}

export const anAnnotation: Annotation = {
  rolloutId: "prod-20260115-100000",
  step: "20",
  title: "atp-ingestion 1.2.4: 20 % → größer 版 🚦",
  atMs: Date.parse("2026-01-15T10:15:00Z"),
  facts: { Version: "1.2.4", From: "1.2.3", Exposure: "20 %", Note: 'a "quoted" \\ text' },
};

/** What every timeline keeps to. */
export function annotationsSuite(name: string, open: () => Promise<AnnotationsUnderTest>): void {
  const shown = ({ title, atMs, facts }: Annotation) => ({
    title,
    atMs,
    facts: expect.objectContaining(facts),
  });

  describe(`annotations: ${name}`, () => {
    it("marks a step, to the letter", async () => {
      const { annotations, marks } = await open();
      await annotations.mark(anAnnotation);
      expect(marks()).toMatchObject([shown(anAnnotation)]);
      expect(annotations.name).not.toBe("");
    });

    it("marks a step once, whatever is repeated: the newest counts", async () => {
      const { annotations, marks } = await open();
      await annotations.mark(anAnnotation);
      await annotations.mark(anAnnotation);
      const later = { ...anAnnotation, title: "again", atMs: anAnnotation.atMs + 60_000 };
      await annotations.mark(later);
      expect(marks()).toMatchObject([shown(later)]);
    });

    it("tells steps and rollouts apart", async () => {
      const { annotations, marks } = await open();
      const all = [
        anAnnotation,
        { ...anAnnotation, step: "50", atMs: anAnnotation.atMs + 1000 },
        { ...anAnnotation, rolloutId: "prod-20260116-100000", atMs: anAnnotation.atMs + 2000 },
        // The same letters, otherwise divided.
        { ...anAnnotation, rolloutId: "prod-20260115-1000002", step: "0", atMs: anAnnotation.atMs + 3000 },
      ];
      for (const one of all) await annotations.mark(one);
      expect(marks()).toMatchObject(all.map(shown));
    });

    it("throws where it is cancelled or not taken", async () => {
      const { annotations, marks, breakIt, secrets = [] } = await open();
      const failure = (mark: Promise<void>) =>
        mark.then(
          () => undefined,
          (error: Error) => error,
        );
      const cancelled = await failure(annotations.mark(anAnnotation, AbortSignal.abort()));
      await breakIt();
      const broken = await failure(annotations.mark(anAnnotation));
      expect([cancelled, broken]).toMatchObject([
        { code: "annotation-failed" },
        { code: "annotation-failed" },
      ]);
      expect(marks()).toEqual([]);
      const said = JSON.stringify(
        [cancelled, broken].map((error) => ({ ...error, message: error?.message })),
      );
      for (const secret of secrets) expect(said).not.toContain(secret);
    });
  });
}

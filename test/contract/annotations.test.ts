import { afterEach } from "vitest";
import { createAppInsightsAnnotations } from "../../src/adapters/annotations/app-insights.ts";
import {
  annotationsCredential,
  annotationsToken,
  component,
  startAnnotationsFake,
} from "../support/http-fake-annotations.ts";
import { createMemoryAnnotations } from "../support/memory-annotations.ts";
import { createMemoryRuntime } from "../support/memory-runtime.ts";
import { annotationsSuite } from "./annotations-suite.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

annotationsSuite("memory", async () => {
  const annotations = createMemoryAnnotations();
  return { annotations, marks: annotations.marks, breakIt: async () => annotations.failWith("down") };
});

annotationsSuite("app-insights", async () => {
  const fake = await startAnnotationsFake();
  cleanups.push(() => fake.close());
  const annotations = createAppInsightsAnnotations({
    config: { resourceId: component, endpoint: fake.url },
    runtime: createMemoryRuntime().runtime,
    credential: annotationsCredential,
  });
  const marks = () =>
    [...fake.stored.values()]
      .filter(({ Category }) => Category === "Deployment")
      .map(({ AnnotationName, EventTime, Properties }) => ({
        title: AnnotationName,
        atMs: Date.parse(`${EventTime}Z`),
        facts: JSON.parse(Properties) as Record<string, string>,
      }))
      .sort((a, b) => a.atMs - b.atMs);
  return { annotations, marks, breakIt: () => fake.close(), secrets: [annotationsToken] };
});

import type { Runtime } from "./runtime.ts";

/** A message needs no more of a body, and one without end must not fill the memory. */
const keptBytes = 4_096;

/** A runtime whose answers have but the beginning of their bodies. */
export function withBeginnings(runtime: Runtime): Runtime {
  return { ...runtime, fetch: async (...exchange) => beginningOf(await runtime.fetch(...exchange)) };
}

/** The same answer with the beginning of its body; the rest isn't read. */
function beginningOf(response: Response): Response {
  const { body, status, headers } = response;
  if (body === null) return response;
  let left = keptBytes;
  const cut = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      controller.enqueue(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) controller.terminate();
    },
  });
  return new Response(body.pipeThrough(cut), { status, headers });
}

/** A message needs no more of a body, and one without end must not fill the memory. */
const keptBytes = 4_096;

/** The same answer with the beginning of its body; the rest isn't read. */
export function beginningOf(response: Response): Response {
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

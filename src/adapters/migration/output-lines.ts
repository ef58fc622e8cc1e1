/** Longest line that is read, in characters; of a longer one only its beginning is kept. */
export const longestLine = 4_096;

/** Where a line ends; a carriage return too, for progress that writes over itself. */
const ends = /[\r\n]/;

/** Cuts chunks of text into lines. Memory stays small whatever is written. */
export function lineReader(read: (line: string, whole: boolean) => void): {
  readonly push: (chunk: string) => void;
  /** What is left without an end of line; dropped where its writer was cut off: half a line means something else. */
  readonly end: (how: "complete" | "cut-off") => void;
} {
  let rest = "";
  let length = 0;
  const keep = (part: string) => {
    length += part.length;
    rest = `${rest}${part}`.slice(0, longestLine);
  };
  const flush = () => {
    if (length > 0) read(rest, length <= longestLine);
    rest = "";
    length = 0;
  };
  return {
    push: (chunk) => {
      const [first = "", ...more] = chunk.split(ends);
      keep(first);
      for (const part of more) {
        flush();
        keep(part);
      }
    },
    end: (how) => {
      if (how === "complete") flush();
    },
  };
}

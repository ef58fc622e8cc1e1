/**
 * The known word nearest to what was written, or undefined where none is near: at most two typing mistakes,
 * and never more than a third of the word, so that short keys don't match each other.
 */
export function nearest(written: string, known: readonly string[]): string | undefined {
  const lower = written.toLowerCase();
  const ranked = known
    .map((word) => ({ word, distance: editDistance(lower, word.toLowerCase()) }))
    .filter(({ word, distance }) => distance <= Math.min(2, Math.ceil(word.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.word;
}

/** Insertions, deletions, substitutions and swaps of neighbours that make `b` of `a`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + same,
          swapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}

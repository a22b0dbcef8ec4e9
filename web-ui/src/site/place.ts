/** Places in a text: lines and columns count from 1, columns in characters as the box counts them. */

/** Offset of a line and column; beyond the end is the end. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let nth = 1; nth < line; nth += 1) {
    const end = text.indexOf("\n", start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  const content = text.slice(start, end < 0 ? undefined : end);
  return start + [...content].slice(0, column - 1).join("").length;
}

/** The line of an offset, and what stands before it on that line. */
export function lineOf(text: string, offset: number): { line: number; before: string } {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return { line: text.slice(0, start).split("\n").length, before: text.slice(start, offset) };
}

/** Rows of text to lines, columns aligned: numbers to the right, words to the left. */
export function textTable (header: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const numeric = header.map((_, column) => rows.every((row) => /^[-–\d.,%×∞ ]*$/.test(row[column] ?? '')))
  const line = (row: readonly string[]): string => widths
    .map((width, column) => numeric[column] === true ? (row[column] ?? '').padStart(width) : (row[column] ?? '').padEnd(width))
    .join('  ').trimEnd()
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}

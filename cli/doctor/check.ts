/** One line of what `goodparts doctor` finds. */
export interface Check {
  name: string
  state: 'present' | 'missing' | 'optional-missing'
  /** Version or what was seen. */
  found: string
  /** Command or sentence that mends it; empty when present. */
  fix: string
  /** What of the product needs it. */
  neededFor: 'the main job' | 'the tests' | 'a choice'
}

export function present (name: string, found: string, neededFor: Check['neededFor']): Check {
  return { name, state: 'present', found, fix: '', neededFor }
}

export function missing (name: string, found: string, neededFor: Check['neededFor'], fix: string): Check {
  return { name, state: neededFor === 'the main job' ? 'missing' : 'optional-missing', found, fix, neededFor }
}

/** The main job can run when nothing that it needs is missing. */
export function canRun (checks: readonly Check[]): boolean {
  return checks.every((check) => check.state !== 'missing')
}

/** A table for a terminal. */
export function formatChecks (checks: readonly Check[]): string {
  const mark = { present: 'ok', missing: 'MISSING', 'optional-missing': 'absent' } as const
  const rows = checks.map((check) => [mark[check.state], check.name, check.found, check.neededFor])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row, index) => {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()
    const fix = checks[index]?.fix ?? ''
    return fix === '' ? line : `${line}\n${' '.repeat((widths[0] ?? 0) + 2)}fix: ${fix}`
  }).join('\n')
}

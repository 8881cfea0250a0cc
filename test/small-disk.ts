/** A disk that is easy to fill: a tmpfs of some MB, or why there is none. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  path: string
  end: () => void
}

export function mountSmallDisk (size: string): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), 'goodparts-small-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path], { stdio: 'pipe' })
    return { path, end: () => { execFileSync('umount', ['-l', path]); rmSync(path, { recursive: true, force: true }) } }
  } catch (error) {
    rmSync(path, { recursive: true, force: true })
    process.stdout.write(`skipped: a full disk needs a tmpfs, and mounting one failed: ${String(error)}\n`)
    return null
  }
}

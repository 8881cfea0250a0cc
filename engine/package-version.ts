/** This package's version, for what it writes. From a checkout the package file lies one folder up, in a built package two. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export function packageVersion (): string {
  for (const folder of ['..', join('..', '..')]) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(import.meta.dirname, folder, 'package.json'), 'utf8')) as { name?: string, version?: string }
      if (name === '@goodparts/node-red-inspection' && version !== undefined) return version
    } catch {
      // Not there: the next folder up.
    }
  }
  return 'unknown'
}

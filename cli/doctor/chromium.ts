/** Which Chromium the tests drive: decided here alone, for set-up, for `doctor` and for the tests. */
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { packageRoot } from '../demo/user-directory.ts'

/**
 * The one that `GOODPARTS_CHROMIUM` names, whether it exists or not; else the first there is of the system's, the one that Playwright
 * fetched and the one that set-up unpacked from an npm package.
 * @returns absolute path as a rule, `null` when there is none
 */
export async function findChromium (): Promise<string | null> {
  const named = process.env.GOODPARTS_CHROMIUM
  if (named !== undefined && named !== '') return named
  return [...onPath('chromium'), ...onPath('google-chrome'), ...await playwrightsOwn(), join(packageRoot(), '.toolchain', 'chromium', 'chromium')].find((path) => existsSync(path)) ?? null
}

/** A snap is passed over: its confinement hides the folder below `/tmp` through which Playwright speaks to a browser. */
function onPath (name: string): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .filter((path) => existsSync(path) && !isSnap(path))
}

function isSnap (path: string): boolean {
  return path.startsWith('/snap/') || realpathSync(path).endsWith('/bin/snap')
}

/** None in an installed package, which comes without Playwright. */
async function playwrightsOwn (): Promise<string[]> {
  try {
    const { chromium } = await import('playwright-core')
    return [chromium.executablePath()]
  } catch {
    return []
  }
}

/** A real browser for tests, and the page built into a folder of its own. */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { build } from 'vite'
import { findChromium } from '../../cli/doctor/chromium.ts'

const executablePath = await findChromium()

/** Why no browser can be started, `null` when one can. */
export function chromiumMissing (): string | null {
  if (executablePath === null) return 'no Chromium is there: npm run setup fetches one, or set GOODPARTS_CHROMIUM'
  return existsSync(executablePath) ? null : `GOODPARTS_CHROMIUM names ${executablePath}, which is not there`
}

export async function startChromium (): Promise<Browser> {
  return await chromium.launch({
    ...executablePath !== null && { executablePath },
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--disable-component-update', '--disable-sync']
  })
}

/** Folder of the built page; the caller removes it. */
export async function buildPage (): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'goodparts-viewer-'))
  await build({ configFile: join(import.meta.dirname, '..', '..', 'viewer', 'vite.config.ts'), logLevel: 'warn', build: { outDir } })
  return outDir
}

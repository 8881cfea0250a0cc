/** A real browser for tests, and the page built into a folder of its own. */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { build } from 'vite'

const places = [process.env.GOODPARTS_CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome', chromium.executablePath()].filter((path) => path !== undefined)
const executablePath = places.find((path) => existsSync(path)) ?? '/usr/bin/chromium'

/** Why no browser can be started, `null` when one can. */
export function chromiumMissing (): string | null {
  return existsSync(executablePath) ? null : `none of ${places.join(', ')} is there: install chromium, or set GOODPARTS_CHROMIUM`
}

export async function startChromium (): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--disable-component-update', '--disable-sync']
  })
}

/** Folder of the built page; the caller removes it. */
export async function buildPage (): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'goodparts-viewer-'))
  await build({ configFile: join(import.meta.dirname, '..', '..', 'viewer', 'vite.config.ts'), logLevel: 'warn', build: { outDir } })
  return outDir
}

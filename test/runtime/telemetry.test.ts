import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'

const engine = join(import.meta.dirname, '..', '..', 'engine', 'runtime')
const backbone = join(import.meta.dirname, '..', '..', 'engine', 'backbones', 'efficientnet-lite0.onnx')

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-telemetry-')) })
afterEach(() => { rmSync(folder, { recursive: true }) })

/** Runs a program where nothing but our own doing keeps the runtime from reporting; gives the files that appeared. */
async function filesAfter (program: string): Promise<string[]> {
  const { CI: _ci, ORT_DISABLE_TELEMETRY: _disabled, ...env } = process.env
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { env: { ...env, TMPDIR: folder, HOME: folder, XDG_CACHE_HOME: folder } })
  return readdirSync(folder)
}

// The runtime's uploader begins by writing its session and its log into the folder for temporary files. There is no test of that: it would report.
it('our sessions do not, on the main thread', async () => {
  expect(await filesAfter(`
    import { openSession } from ${JSON.stringify(join(engine, 'onnx-runtime.ts'))}
    await (await openSession(${JSON.stringify(backbone)})).close()
  `)).toEqual([])
})

it('our sessions do not, in a worker thread alone', async () => {
  const worker = `import(${JSON.stringify(join(engine, 'onnx-runtime.ts'))}).then(async ({ openSession }) => (await openSession(${JSON.stringify(backbone)})).close())`
  expect(await filesAfter(`
    import { once } from 'node:events'
    import { Worker } from 'node:worker_threads'
    import ${JSON.stringify(join(engine, 'inference-runtime.ts'))}
    await once(new Worker(${JSON.stringify(worker)}, { eval: true }), 'exit')
  `)).toEqual([])
})

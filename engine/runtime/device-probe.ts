/** The parent's side of trying a device. */
import { fork } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { siblingModule } from '../sibling-module.ts'
import type { Device } from './loaded-model.ts'
import type { Throughput } from './throughput.ts'

/** Either how fast the device runs the bundle, or why it does not. */
export type ProbeResult = { result: Omit<Throughput, 'processorShare'> } | { error: string }

export type ProbeDevice = (bundle: Uint8Array, device: Device, milliseconds: number) => Promise<ProbeResult>

/** A first start on a graphics processor compiles its programs. */
const LIMIT_MS = 60_000

export const probeDevice: ProbeDevice = async (bundle, device, milliseconds) => {
  const folder = await mkdtemp(join(tmpdir(), 'goodparts-probe-'))
  try {
    const path = join(folder, 'bundle.onnx')
    await writeFile(path, bundle)
    return await runProbe(path, device, milliseconds)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function runProbe (path: string, device: Device, milliseconds: number): Promise<ProbeResult> {
  const child = fork(fileURLToPath(siblingModule(import.meta.url, './device-probe-process')), [path, device, String(milliseconds)], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  let answer: ProbeResult | undefined
  child.on('message', (message) => { answer = message as ProbeResult })
  return await new Promise((resolve) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL')
      answer = { error: `it did not answer within ${LIMIT_MS / 1000} s` }
    }, LIMIT_MS)
    const end = (result: ProbeResult): void => {
      clearTimeout(limit)
      resolve(result)
    }
    child.once('error', (error) => { end({ error: error.message }) })
    // Not before it has ended: a driver may crash on the way out, and would do so in this process too.
    child.once('exit', (code, signal) => {
      if (signal === null && code === 0 && answer !== undefined) end(answer)
      else end(answer !== undefined && 'error' in answer ? answer : { error: `its process crashed (${signal ?? `exit code ${String(code)}`})` })
    })
  })
}

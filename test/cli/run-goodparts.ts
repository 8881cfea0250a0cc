/** The command as a person runs it: a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '..', '..', 'cli', 'goodparts.ts')

export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
}

/** `started` gets the process while it runs. */
export async function runGoodparts (args: readonly string[], options: { env?: Record<string, string>, started?: (child: ChildProcess) => void } = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [entry, ...args], { env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray() as Promise<string[]>)
  options.started?.(child)
  const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve) })
  return { code, stdout: (await stdout ?? []).join(''), stderr: (await stderr ?? []).join('') }
}

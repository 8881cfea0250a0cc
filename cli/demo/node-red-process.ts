/** Node-RED as a child of the demo: started with the demo's settings, watched until it serves, stopped with the demo. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { GoodpartsError } from '../../engine/errors.ts'

const STOP_MS = 8000

export interface NodeRedProcess {
  /** `undefined` where it could not be started. */
  pid: number | undefined
  /** Resolves with the exit code, and with the signal that ended it, if one did. */
  exited: Promise<{ code: number, signal: string | null }>
  stop (): Promise<void>
}

/** Its standard input stays open for as long as this process lives. @throws GOODPARTS_DEPENDENCY_MISSING where Node-RED is not installed. */
export function startNodeRed (settingsFile: string, onLine: (line: string) => void): NodeRedProcess {
  const child = spawn(process.execPath, [nodeRedScript(), '--settings', settingsFile], { stdio: ['pipe', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, onLine)
  const exited = once(child, 'exit').then(([code, signal]) => ({ code: Number(code ?? 1), signal: signal as string | null }))
  return { pid: child.pid, exited, stop: async () => { await stop(child) } }
}

/** Resolves when something accepts connections there, rejects when `signal` aborts first. */
export async function untilListening (port: number, signal: AbortSignal): Promise<void> {
  while (!await accepts(port)) {
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Whether something accepts connections on a port of this machine. */
export async function accepts (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => { resolve(false) })
  })
}

function nodeRedScript (): string {
  const require = createRequire(join(process.cwd(), 'package.json'))
  for (const find of [createRequire(import.meta.url), require]) {
    try {
      return find.resolve('node-red/red.js')
    } catch { /* the next place may have it */ }
  }
  throw new GoodpartsError('GOODPARTS_DEPENDENCY_MISSING', 'Expected Node-RED to be installed beside this package', { fix: 'npm install node-red' })
}

function eachLine (stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
}

async function stop (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => { child.kill('SIGKILL') }, STOP_MS)
  await exited
  clearTimeout(timer)
}

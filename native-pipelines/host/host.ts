/**
 * The process that runs one GStreamer graph: told over IPC what to run, it sends frames down file descriptor 3 and says over IPC
 * what happens. It ends with an error, when told to, or when its parent is gone. `engine/capture/host-protocol.ts` has the words.
 */
import { Worker } from 'node:worker_threads'
import type { FromHost, ToHost } from '../../engine/capture/host-protocol.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { siblingModule } from '../../engine/sibling-module.ts'
import { FrameWriter } from './frame-writer.ts'
import { loadGstreamer } from './gstreamer.ts'
import { Running } from './running.ts'

let running: Running | undefined
/** What was asked for before the graph stood, in its order. A trigger that got lost would give its part's id to the next picture. */
const early: ((running: Running) => void)[] = []

function whenRunning (act: (running: Running) => void): void {
  if (running === undefined) early.push(act)
  else act(running)
}

/** Nothing gentler is sure to end a process whose threads are parked in a plugin. */
function end (): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('unreachable')
}

function tell (message: FromHost, then?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => { then?.() })
  else end()
}

/** Lets cameras and servers go politely before the end; a supervisor does not wait for long. */
function stopAndEnd (): void {
  try { running?.stop() } finally { end() }
}

function fail (error: unknown, origin: 'parse' | 'feed' | 'binding'): void {
  const known = error instanceof GoodpartsError ? { code: error.code, ...error.fix === null ? {} : { fix: error.fix } } : {}
  tell({ kind: 'error', origin, text: error instanceof Error ? error.message : String(error), debug: '', element: '', ...known }, stopAndEnd)
}

async function run (message: ToHost & { kind: 'run' }): Promise<void> {
  let open
  try {
    open = await loadGstreamer()
  } catch (error) {
    fail(error, 'binding')
    return
  }
  try {
    running = await Running.start(open, message.plan, {
      writer: new FrameWriter(3, end), tell, fail: (error) => { fail(error, 'feed') }, stopped: stopAndEnd
    })
    for (const act of early.splice(0)) act(running)
  } catch (error) {
    fail(error, 'parse')
  }
}

const parentWatch = new Worker(siblingModule(import.meta.url, './parent-watch'), { workerData: process.ppid, execArgv: [] })
parentWatch.on('error', end)
process.on('disconnect', end)
process.on('SIGTERM', stopAndEnd)
// Ctrl-C reaches the whole group; the parent decides.
process.on('SIGINT', () => undefined)
process.on('message', (message: ToHost) => {
  switch (message.kind) {
    case 'run': run(message).catch((error: unknown) => { fail(error, 'parse') }); break
    case 'trigger': whenRunning((graph) => { graph.trigger() }); break
    case 'set': whenRunning((graph) => { graph.set(message.change) }); break
    case 'rewind': running?.rewind(); break
    case 'stop': stopAndEnd(); break
  }
})

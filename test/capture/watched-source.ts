/** A supervisor in a test: waits for its frames and events without sleeping, and is stopped at the end. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { compilePipeline, type CaptureOutput } from '../../engine/capture/compile.ts'
import { loadPipeline } from '../../engine/capture/pipelines.ts'
import { CaptureSupervisor, type FrameNotes, type SupervisorOptions } from '../../engine/capture/supervisor.ts'
import type { Frame } from '../../engine/frame/frame.ts'
import type { CaptureEvent } from '../../schemas/capture-event.ts'

export interface Watched {
  supervisor: CaptureSupervisor
  frames: Array<{ frame: Frame, notes: FrameNotes }>
  events: CaptureEvent[]
  /** Resolves with the next event of this kind. */
  event (kind: CaptureEvent['kind']): Promise<CaptureEvent>
  /** Resolves after this many frames from now. */
  more (count: number): Promise<void>
}

export function watch (id: string, parameters: Record<string, unknown>, output: CaptureOutput = {}, options: Partial<SupervisorOptions> = {}): Watched {
  const definition = loadPipeline(id)
  const supervisor = new CaptureSupervisor({
    source: `test/${id}`, plan: compilePipeline(definition, parameters, output), endOfStream: definition.endOfStream, backoff: { first: 50, longest: 100 }, ...options
  })
  const watched: Watched = {
    supervisor,
    frames: [],
    events: [],
    event: async (kind) => new Promise((resolve) => {
      const listen = (event: CaptureEvent): void => {
        if (event.kind !== kind) return
        supervisor.off('event', listen)
        resolve(event)
      }
      supervisor.on('event', listen)
    }),
    more: async (count) => new Promise((resolve) => {
      const wanted = watched.frames.length + count
      const listen = (): void => {
        if (watched.frames.length < wanted) return
        supervisor.off('frame', listen)
        resolve()
      }
      supervisor.on('frame', listen)
    })
  }
  supervisor.on('frame', (frame, notes) => watched.frames.push({ frame, notes }))
  supervisor.on('event', (event) => watched.events.push(event))
  onTestFinished(async () => { await supervisor.close() })
  return watched
}

export async function temporaryFolder (): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'goodparts-capture-'))
  onTestFinished(async () => { await rm(folder, { recursive: true, force: true }) })
  return folder
}

const run = promisify(execFile)

/** Encodes GStreamer's test picture into `file`. */
export async function makeVideo (file: string, frames: number, coding: string[] = ['jpegenc', '!', 'avimux'], size = '320x240'): Promise<void> {
  const [width, height] = size.split('x')
  await run('gst-launch-1.0', ['-q', 'videotestsrc', `num-buffers=${frames}`, '!', `video/x-raw,width=${width ?? ''},height=${height ?? ''},framerate=30/1`, '!', ...coding, '!', 'filesink', `location=${file}`])
}

export function isAlive (pid: number): boolean {
  try {
    // A process that was ended but not waited for yet is a zombie, and no longer runs.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** The end of a process that is not our child makes no event. */
export async function untilGone (pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => { setTimeout(resolve, 20) })
}

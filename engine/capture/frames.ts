/** A source as an async iterator, for commands and tests: nothing is dropped, the source waits for the reader. */
import type { PipelineDefinition } from '../../schemas/pipeline.ts'
import type { CaptureEvent } from '../../schemas/capture-event.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import type { Frame } from '../frame/frame.ts'
import { compilePipeline, type CaptureOutput, type CompileOptions } from './compile.ts'
import type { GivenParameters } from './parameters.ts'
import { CaptureSupervisor, type FrameNotes, type SupervisorOptions } from './supervisor.ts'
import { splitUserinfo, withoutPasswords } from './userinfo.ts'

export interface FramesOptions extends CaptureOutput, CompileOptions, Pick<SupervisorOptions, 'watchdogSeconds' | 'host'> {
  /** Default: the definition's id. */
  source?: string
  /** Ends the iteration, quietly. */
  signal?: AbortSignal
  /** Warnings and the like. */
  onEvent?: (event: CaptureEvent) => void
}

export interface CapturedFrame extends FrameNotes {
  frame: Frame
}

/** Frames that wait for the reader before the source is paused. */
const WAITING = 4

/**
 * Every frame of one pass through the source, as fast as the reader takes them (`pace: 'clock'` for the pace of the recording).
 * Leaving the loop ends the capture process.
 * @throws GOODPARTS_PIPELINE_PARAMETER, GOODPARTS_PIPELINE_INVALID at once; what the source reports, GOODPARTS_CAPTURE_STALLED
 */
export async function * frames (definition: PipelineDefinition, parameters: GivenParameters, options: FramesOptions = {}): AsyncGenerator<CapturedFrame, void, undefined> {
  const plan = compilePipeline(definition, parameters, { policy: 'every', pace: 'free', ...options }, options)
  const queue: CapturedFrame[] = []
  let wake: () => void = () => undefined
  const state = { over: false }
  const { watchdogSeconds, host } = options
  const supervisor = new CaptureSupervisor({
    source: options.source ?? definition.id, plan, endOfStream: 'stop', restart: false, ...watchdogSeconds === undefined ? {} : { watchdogSeconds }, ...host === undefined ? {} : { host }
  })
  supervisor.on('frame', (frame, notes) => {
    queue.push({ frame, ...notes })
    if (queue.length >= WAITING) supervisor.pause()
    wake()
  })
  supervisor.on('event', (event) => {
    options.onEvent?.(event)
    if (event.kind === 'end-of-stream' || event.kind === 'error') state.over = true
    wake()
  })
  const abort = (): void => { state.over = true; queue.length = 0; wake() }
  options.signal?.addEventListener('abort', abort)
  try {
    if (options.signal?.aborted === true) return
    supervisor.start()
    for (;;) {
      const next = queue.shift()
      if (next !== undefined) {
        if (queue.length === 0) supervisor.resume()
        yield next
      } else if (state.over) {
        break
      } else {
        await new Promise<void>((resolve) => { wake = resolve })
      }
    }
    if (supervisor.error !== undefined) throw asGoodpartsError(supervisor.error, 'GOODPARTS_CAPTURE_FAILED')
  } finally {
    options.signal?.removeEventListener('abort', abort)
    await supervisor.close()
  }
}

/** Tells which of the shipped pipelines a command line means: a folder, an `rtsp://` or `http://` address, or a video file. User and password leave the address. */
export function guessPipeline (source: string, isFolder: boolean): { id: string, parameters: Record<string, string> } {
  if (isFolder) return { id: 'image-folder', parameters: { folder: source } }
  const scheme = /^([a-z][a-z0-9]*):\/\//i.exec(source)?.[1]?.toLowerCase()
  if (scheme === 'rtsp' || scheme === 'rtsps') return { id: 'rtsp-camera', parameters: cameraParameters(source) }
  if (scheme === 'http' || scheme === 'https') return { id: 'http-mjpeg', parameters: cameraParameters(source) }
  if (scheme !== undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Expected an address beginning with rtsp:// or http://, got ${withoutPasswords(source)}`)
  if (source.startsWith('/dev/video')) return { id: 'v4l2-camera', parameters: { device: source } }
  return { id: 'video-file', parameters: { file: source } }
}

function cameraParameters (source: string): Record<string, string> {
  if (!URL.canParse(source)) return { address: source }
  const { address, user, password } = splitUserinfo(source)
  return { address, ...user === '' ? {} : { user }, ...password === '' ? {} : { password } }
}

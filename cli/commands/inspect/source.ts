/** What a person names on the command line, as frames: pictures are decoded here, everything else comes through a capture process. */
import { stat } from 'node:fs/promises'
import { basename, extname, join, relative, resolve } from 'node:path'
import { frames, guessPipeline } from '../../../engine/capture/frames.ts'
import { loadPipelines } from '../../../engine/capture/pipelines.ts'
import { withoutPasswords } from '../../../engine/capture/userinfo.ts'
import { GoodpartsError } from '../../../engine/errors.ts'
import { pictureEndings } from '../../../engine/evaluation/dataset-folder.ts'
import { filesBelow } from '../../../engine/files-below.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import { decodeImage } from '../../../engine/frame/image-codec.ts'
import type { PipelineDefinition } from '../../../schemas/pipeline.ts'

export interface SourceFrame {
  frame: Frame
  partId: string | null
}

export interface InspectedSource {
  /** As named, without a password. */
  name: string
  /** Frames to come; `null` when not known. */
  total: number | null
  frames: AsyncIterable<SourceFrame>
}

export interface SourceOptions {
  /** Of a pipeline. */
  parameters: Record<string, string>
  signal: AbortSignal
  /** What is left out, and what a source reports. */
  warn: (text: string) => void
  /** A picture was left out because it cannot be read; `warn` hears of it too. */
  onUnreadable: () => void
}

/**
 * A folder of pictures (and folders below it), a picture, the id of a shipped pipeline, or what `guessPipeline` knows: a video file, a camera.
 * @throws GOODPARTS_ARGUMENT for parameters where there is no pipeline, GOODPARTS_DATASET_INVALID for a folder without pictures.
 */
export async function openSource (source: string, options: SourceOptions): Promise<InspectedSource> {
  const found = await stat(source).catch(() => null)
  if (found?.isDirectory() === true) return pictures(source, await picturesBelow(source, options.signal), options)
  if (found !== null && isPicture(source)) return pictures(source, [resolve(source)], options)
  const definitions = loadPipelines()
  const named = found === null ? definitions.find(({ id }) => id === source) : undefined
  const guess = named === undefined ? guessPipeline(source, false) : { id: named.id, parameters: {} }
  if (guess.id === 'video-file' && found === null) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${source} to be a folder, a picture, a video, an rtsp:// or http:// address, or one of the pipelines ${definitions.map(({ id }) => id).join(', ')}; got nothing of that name`)
  }
  const definition = definitions.find(({ id }) => id === guess.id)
  if (definition === undefined) throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Expected the pipeline ${guess.id} to be there, got none`)
  const captured = frames(definition, { ...passwordFromEnvironment(definition), ...guess.parameters, ...options.parameters }, {
    source: definition.id,
    signal: options.signal,
    onEvent: ({ kind, text }) => { if (kind === 'warning') options.warn(text) }
  })
  return { name: withoutPasswords(source), total: null, frames: withPartId(captured) }
}

function passwordFromEnvironment ({ parameters }: PipelineDefinition): Record<string, string> {
  const password = process.env.GOODPARTS_CAMERA_PASSWORD
  return password !== undefined && parameters.some(({ name }) => name === 'password') ? { password } : {}
}

async function * withPartId (captured: AsyncIterable<{ frame: Frame, partId?: string }>): AsyncGenerator<SourceFrame> {
  for await (const { frame, partId } of captured) yield { frame, partId: partId ?? null }
}

function pictures (source: string, paths: readonly string[], { parameters, ...options }: SourceOptions): InspectedSource {
  if (Object.keys(parameters).length > 0) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected parameters for a pipeline only, got ${Object.keys(parameters).join(', ')} for pictures`)
  return { name: source, total: paths.length, frames: decoded(paths, resolve(source), options) }
}

/** One that cannot be read is left out with a warning, unless it was asked for by itself. */
async function * decoded (paths: readonly string[], root: string, { signal, warn, onUnreadable }: Omit<SourceOptions, 'parameters'>): AsyncGenerator<SourceFrame> {
  let sequence = 0
  for (const path of paths) {
    if (signal.aborted) return
    try {
      const { data, width, height, channels } = await decodeImage(path)
      yield { frame: Frame.fromPixels(data, { source: basename(root), sequence: sequence++, width, height, channels }), partId: relative(root, path) || basename(path) }
    } catch (error) {
      if (path === root || !(error instanceof GoodpartsError) || error.code !== 'GOODPARTS_IMAGE_DECODE') throw error
      onUnreadable()
      warn(error.message)
    }
  }
}

async function picturesBelow (folder: string, signal: AbortSignal): Promise<string[]> {
  const names = await filesBelow(folder, { isWanted: isPicture, signal })
  if (names.length === 0) throw new GoodpartsError('GOODPARTS_DATASET_INVALID', `Expected ${folder} to hold pictures (${pictureEndings.join(', ')}), got none`)
  return names.map((name) => resolve(join(folder, name)))
}

function isPicture (path: string): boolean {
  return (pictureEndings as readonly string[]).includes(extname(path).toLowerCase())
}

/** What `--source` means: which pipeline plays it, with which parameters. Pure but for looking whether a path is a folder. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { hasUserinfo } from '../../engine/capture/userinfo.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import { folderImages } from '../../engine/evaluation/dataset.ts'

/** Ten to learn from, ten to make the limits from. */
const fewestGoodParts = 20

export interface PlayedSource {
  pipeline: string
  parameters: Record<string, string | number>
  endOfStream: 'loop' | 'hold' | ''
}

/**
 * A folder of pictures, a video file, an `rtsp://` or `http://` address, or a `/dev/video` device.
 * @throws GOODPARTS_ARGUMENT when it is none of these.
 */
export function playedSource (source: string): PlayedSource {
  if (/^[a-z]+:\/\//.test(source) && URL.canParse(source) && hasUserinfo(source)) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected an address without user and password, which would lie in the flow file, got one with', {
      fix: 'Leave them out, and enter them in the capture node in the editor'
    })
  }
  if (/^rtsps?:\/\//.test(source)) return { pipeline: 'rtsp-camera', parameters: { address: source }, endOfStream: '' }
  if (/^https?:\/\//.test(source)) return { pipeline: 'http-mjpeg', parameters: { address: source }, endOfStream: '' }
  if (source.startsWith('/dev/video')) return { pipeline: 'v4l2-camera', parameters: { device: source }, endOfStream: '' }
  const path = resolve(source)
  const entry = statSync(path, { throwIfNoEntry: false })
  if (entry === undefined) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${source} to be a folder, a video, rtsp://…, http://… or /dev/video…, got nothing of that name`)
  }
  return entry.isDirectory()
    ? { pipeline: 'image-folder', parameters: { folder: path, order: 'name', rate: 10 }, endOfStream: 'loop' }
    : { pipeline: 'video-file', parameters: { file: path }, endOfStream: 'loop' }
}

/**
 * Counts what the fit node will find there.
 * @throws GOODPARTS_ARGUMENT unless `folder` is one, GOODPARTS_DATASET_INVALID when it holds no picture, GOODPARTS_TOO_FEW_IMAGES unless it can be learned from.
 */
export async function goodFolder (folder: string): Promise<string> {
  const path = resolve(folder)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${folder} to be a folder of pictures of good parts`)
  }
  const count = (await folderImages(path)).length
  if (count < fewestGoodParts) {
    throw new GoodpartsError('GOODPARTS_TOO_FEW_IMAGES', `Expected at least ${fewestGoodParts} pictures of good parts right in ${folder}, got ${count}`)
  }
  return path
}

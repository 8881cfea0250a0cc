/** The parts of the product that are native code: GStreamer and its plugins, ONNX Runtime's devices, sharp, libjpeg-turbo, SQLite. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { packageOf } from '../../engine/capture/gstreamer-errors.ts'
import { decodeImage, encodePng } from '../../engine/frame/image-codec.ts'
import { hasJpegTurbo } from '../../engine/frame/jpeg-on-this-thread.ts'
import type { Device } from '../../engine/runtime/loaded-model.ts'
import { siblingModule } from '../../engine/sibling-module.ts'
import type { PipelineDefinition } from '../../schemas/pipeline.ts'
import { missing, present, type Check } from './check.ts'

const run = promisify(execFile)
const PROBE_MS = 20_000
/** Characters of a cell of the table. */
const LONGEST = 90
/** Elements of the part that every pipeline ends in. */
const tail = ['videocrop', 'videoscale', 'videoconvert', 'videorate', 'capsfilter', 'appsink', 'queue']
const demoPipeline = 'sample-line'

/** Every element that a shipped pipeline needs or usually brings in, with the pipelines that do. */
export function elementsOf (pipelines: readonly PipelineDefinition[]): Map<string, string[]> {
  const users = new Map<string, string[]>(tail.map((element) => [element, ['every pipeline']]))
  for (const { id, requiredElements, usualElements = [] } of pipelines) {
    for (const element of [...requiredElements, ...usualElements]) {
      if (!tail.includes(element)) users.set(element, [...users.get(element) ?? [], id])
    }
  }
  return users
}

export async function checkGstreamer (pipelines: readonly PipelineDefinition[]): Promise<Check[]> {
  const users = elementsOf(pipelines)
  let found: Record<string, string | null>
  try {
    const probe = fileURLToPath(siblingModule(import.meta.url, '../../native-pipelines/host/element-probe'))
    const { stdout } = await run(process.execPath, [probe, ...users.keys()], { timeout: PROBE_MS })
    found = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Record<string, string | null>
  } catch (error) {
    const text = firstLine(error)
    return [missing('GStreamer binding', text, 'the main job', 'apt-get install build-essential pkg-config libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev, then npm run setup (in a checkout) or npm install (where the package is installed)')]
  }
  const elements = [...users].map(([element, ids]) => {
    const essential = ids.includes('every pipeline') || ids.includes(demoPipeline)
    return found[element] === null
      ? present(`GStreamer ${element}`, ids.join(', '), essential ? 'the main job' : 'a choice')
      : missing(`GStreamer ${element}`, `for ${ids.join(', ')}`, essential ? 'the main job' : 'a choice', packageOf(element))
  })
  return [present('GStreamer binding', await gstreamerVersion(), 'the main job'), ...elements]
}

export async function checkDevice (device: Device): Promise<Check> {
  const neededFor = device === 'cpu' ? 'the main job' : 'a choice'
  const fixes: Record<Device, string> = {
    cpu: 'npm rebuild onnxruntime-node',
    webgpu: 'a GPU with a Vulkan driver (docs/devices.md)',
    cuda: 'ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node (docs/devices.md)',
    tensorrt: 'CUDA as above, and TensorRT (docs/devices.md)'
  }
  try {
    await run(process.execPath, [fileURLToPath(siblingModule(import.meta.url, './device-probe')), device], { timeout: PROBE_MS })
    return present(`ONNX Runtime ${device}`, 'computes', neededFor)
  } catch (error) {
    return missing(`ONNX Runtime ${device}`, firstLine(error), neededFor, fixes[device])
  }
}

export async function checkCodec (): Promise<Check> {
  try {
    const pixels = Uint8Array.of(1, 2, 3, 4)
    const { data } = await decodeImage(await encodePng({ data: pixels, width: 2, height: 2, channels: 1 }))
    if (!pixels.every((value, index) => value === data[index])) throw new Error('a picture did not survive encoding')
    return present('Image codec (sharp)', 'encodes and decodes', 'the main job')
  } catch (error) {
    return missing('Image codec (sharp)', firstLine(error), 'the main job', 'npm install sharp')
  }
}

/** Optional: sharp stands in. */
export async function checkJpegTurbo (): Promise<Check> {
  return await hasJpegTurbo()
    ? present('JPEG by libjpeg-turbo', 'encodes pictures of verdicts', 'a choice')
    : missing('JPEG by libjpeg-turbo', 'not there: pictures of verdicts are encoded by sharp, slower', 'a choice', 'npm install @julusian/jpeg-turbo')
}

export async function checkSqlite (): Promise<Check> {
  try {
    await run(process.execPath, ['-e', 'new (require("node:sqlite").DatabaseSync)(":memory:").exec("SELECT 1")'], { timeout: PROBE_MS })
    return present('Embedded database', 'opens', 'the main job')
  } catch (error) {
    return missing('Embedded database', firstLine(error), 'the main job', 'Node >= 22.13')
  }
}

async function gstreamerVersion (): Promise<string> {
  try {
    return (await run('pkg-config', ['--modversion', 'gstreamer-1.0'])).stdout.trim()
  } catch {
    return 'loads'
  }
}

/** Without where in somebody's source it happened, and without what the table says anyway. */
function short (text: string): string {
  if (/RequestAdapter/.test(text)) return 'finds no graphics adapter that it can use'
  if (/Failed to load shared library/.test(text)) return 'its libraries are not installed'
  const told = text.replace(/^Expected the device \S+ to open, got: /, '')
  return told.length <= LONGEST ? told : `${told.slice(0, told.lastIndexOf(' ', LONGEST - 1)).trimEnd()}…`
}

function firstLine (error: unknown): string {
  const { stderr, message, killed } = error as { stderr?: string, message?: string, killed?: boolean }
  if (killed === true) return `no answer within ${PROBE_MS / 1000} s`
  const lines = (stderr ?? message ?? String(error)).split('\n').map((line) => line.trim()).filter((line) => line !== '')
  const telling = lines.find((line) => /Error: |Expected /.test(line)) ?? lines[0] ?? 'failed'
  return short(telling)
}

import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { createDecision } from '../../engine/decision/decision.ts'
import { encodePng } from '../../engine/frame/image-codec.ts'
import { validate } from '../../engine/schema-validation.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { startRtspServer } from '../capture/servers.ts'
import { brightnessBundle } from '../runtime/brightness-bundle.ts'
import { runGoodparts, type CommandResult } from './run-goodparts.ts'

const calibration = Array.from({ length: 199 }, (_, i) => (i + 1) / 199 * 0.5)
const { limits } = createDecision({ calibrationScores: calibration })

let root: string
let bundle: string
let parts: string

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'goodparts-inspect-test-'))
  bundle = join(root, 'brightness.onnx')
  parts = join(root, 'parts')
  await saveBundle(bundle, await brightnessBundle({}, { calibration: { scores: calibration, heldOutBy: 'image' } }))
  mkdirSync(join(parts, 'tray 2'), { recursive: true })
  // Brightness 0.2 passes, 0.49 is above the review limit, 0.8 above both.
  for (const [name, level, size] of [['a.png', 51, 20], ['b.png', 125, 20], ['tray 2/c.png', 204, 30]] as const) {
    writeFileSync(join(parts, name), await encodePng({ data: new Uint8Array(size * size).fill(level), width: size, height: size, channels: 1 }))
  }
  writeFileSync(join(parts, 'broken.png'), 'no picture')
})

afterAll(() => { rmSync(root, { recursive: true }) })

const inspect = async (source: string, ...args: string[]): Promise<CommandResult> =>
  runGoodparts(['inspect', source, '--bundle', bundle, '--device', 'cpu', ...args], { env: { XDG_CACHE_HOME: join(root, 'cache') } })

const recordsOf = (text: string): InspectionRecord[] => text.trim().split('\n').map((line) => validate('inspection', JSON.parse(line)))

describe('goodparts inspect', () => {
  it('judges every picture of a folder, in order, and leaves out with a warning what is none', async () => {
    const [json, ndjson] = [join(root, 'found.json'), join(root, 'records.ndjson')]
    const { code, stdout, stderr } = await inspect(parts, '--line', 'line 7', '--product', 'plates', '--json', json, '--ndjson', ndjson)
    expect(code, stderr).toBe(0)
    const records = recordsOf(readFileSync(ndjson, 'utf8'))
    expect(records.map(({ partId, verdict, frame, line, product }) => [partId, verdict, frame.sequence, frame.width, line, product])).toEqual([
      ['a.png', 'good', 0, 20, 'line 7', 'plates'], ['b.png', 'review', 1, 20, 'line 7', 'plates'], ['tray 2/c.png', 'reject', 2, 30, 'line 7', 'plates']])
    expect(records.map(({ score }) => score)).toEqual([51, 125, 204].map((level) => expect.closeTo(level / 255, 5) as number))
    for (const record of records) expect(record).toMatchObject({ limits, regions: [], explanation: null, bundle: { family: 'test-brightness' } })
    expect(new Set(records.flatMap(({ eventId, traceId }) => [eventId, traceId])).size).toBe(6)
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ frames: 3, counts: { good: 1, review: 1, reject: 1, 'not-inspected': 0 }, limits, unreadable: 1, warnings: [expect.stringContaining('broken.png')] })
    expect(stdout).toMatch(/good +1 +33\.3 %\nreview +1 +33\.3 %\nreject +1 +33\.3 %\nnot-inspected +0 +0\.0 %\nunreadable +1/)
    expect(stderr).toMatch(/Warning: Expected .*broken\.png to be a picture/)
    expect(stdout).toContain('\n1 warning, see above.\n')
  })

  it('judges a product by its own limits, and says when most parts are unlike what the bundle learned', async () => {
    const [bright, pictures, json] = [join(root, 'bright.onnx'), join(root, 'bright parts'), join(root, 'bright.json')]
    await saveBundle(bright, await brightnessBundle({}, { calibration: { scores: calibration, products: { bright: calibration.map((score) => score + 0.45) }, heldOutBy: 'image' } }))
    mkdirSync(pictures)
    for (let i = 0; i < 10; i++) writeFileSync(join(pictures, `${i}.png`), await encodePng({ data: new Uint8Array(400).fill(150 + i), width: 20, height: 20, channels: 1 }))
    const judged = async (...product: string[]): Promise<{ stderr: string, found: { counts: Record<string, number>, warnings: string[], limits: { reject: number } } }> => {
      const { stderr } = await runGoodparts(['inspect', pictures, '--bundle', bright, '--device', 'cpu', '--json', json, ...product], { env: { XDG_CACHE_HOME: join(root, 'cache') } })
      return { stderr, found: JSON.parse(readFileSync(json, 'utf8')) as Awaited<ReturnType<typeof judged>>['found'] }
    }
    const own = await judged('--product', 'bright')
    expect(own.found).toMatchObject({ counts: { good: 10, reject: 0 }, warnings: [] })
    expect(own.found.limits.reject).toBeGreaterThan(0.9)
    const other = await judged()
    expect(other.found).toMatchObject({ counts: { good: 0, reject: 10 }, limits, warnings: [expect.stringMatching(/^10 of 10 parts are rejected/)] })
    expect(other.stderr).toContain('Fix: Look at some with --save-heatmaps')
  })

  it('opens a camera with a password of the environment or the address, and shows it nowhere', async () => {
    const { address } = await startRtspServer(0, 'operator', 'hid@den')
    const asOperator = (userinfo: string): string => address.replace('//', `//${userinfo}@`)
    const environment = { XDG_CACHE_HOME: join(root, 'cache'), GOODPARTS_CAMERA_PASSWORD: 'hid@den' }
    for (const [source, env] of [[asOperator('operator'), environment], [asOperator('operator:hid%40den'), { ...environment, GOODPARTS_CAMERA_PASSWORD: 'other' }]] as const) {
      const { code, stdout, stderr } = await runGoodparts(['inspect', source, '--bundle', bundle, '--device', 'cpu', '--limit', '2', '--json', '-'], { env })
      expect(code, stderr).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ frames: 2, source: address.replace('//', '//***@') })
      expect(stdout + stderr).not.toMatch(/hid[@%]/)
    }
  }, 60_000)

  it('saves heatmaps and names them in the records', async () => {
    const folder = join(root, 'heatmaps')
    const { code, stdout } = await inspect(parts, '--ndjson', '-', '--save-heatmaps', folder)
    expect(code).toBe(0)
    expect(readdirSync(folder).sort()).toEqual(['000000 good a.png.jpg', '000001 review b.png.jpg', '000002 reject tray_2_c.png.jpg'])
    const [good, , reject] = recordsOf(stdout)
    expect(good?.regions).toEqual([])
    expect(reject?.regions).toMatchObject([{ box: [0, 0, 30, 30], areaShare: 1 }])
    const jpeg = readFileSync(join(folder, '000002 reject tray_2_c.png.jpg'))
    expect(reject?.explanation).toEqual({ sha256: createHash('sha256').update(jpeg).digest('hex'), mediaType: 'image/jpeg', method: 'anomaly-map' })
  })

  it('stops at the limit, and takes a single picture', async () => {
    expect(recordsOf((await inspect(parts, '--ndjson', '-', '--limit', '2')).stdout)).toHaveLength(2)
    expect(recordsOf((await inspect(join(parts, 'b.png'), '--ndjson', '-')).stdout)).toMatchObject([{ partId: 'b.png', verdict: 'review' }])
  })

  it('takes every frame of a video', async () => {
    const video = join(root, 'line.avi')
    await promisify(execFile)('gst-launch-1.0', ['-q', 'videotestsrc', 'num-buffers=25', 'pattern=black', '!', 'video/x-raw,width=64,height=48,framerate=25/1', '!', 'jpegenc', '!', 'avimux', '!', 'filesink', `location=${video}`])
    const records = recordsOf((await inspect(video, '--ndjson', '-')).stdout)
    expect(records.map(({ frame, verdict }) => [frame.sequence, frame.width, verdict])).toEqual(Array.from({ length: 25 }, (_, i) => [i, 64, 'good']))
  })

  it('takes a pipeline with parameters', async () => {
    const records = recordsOf((await inspect('generated-line', '--param', 'count=12', '--param', 'width=160', '--param', 'height=120', '--ndjson', '-')).stdout)
    expect(records.map(({ partId }) => partId?.slice(0, 6))).toEqual(Array.from({ length: 12 }, (_, i) => String(i).padStart(6, '0')))
    expect(records[0]).toMatchObject({ frame: { source: 'generated-line', width: 160, height: 120 } })
  })

  it('ends on Ctrl-C with what was judged so far in the file', async () => {
    const ndjson = join(root, 'endless.ndjson')
    const { code, stderr } = await runGoodparts(['inspect', 'generated-line', '--bundle', bundle, '--device', 'cpu', '--ndjson', ndjson], {
      env: { XDG_CACHE_HOME: join(root, 'cache') },
      started: (child) => { child.stderr?.once('data', () => child.kill('SIGINT')) }
    })
    expect([code, stderr]).toEqual([130, expect.stringMatching(/inspecting .*\nCancelled\.\n$/s)])
    expect(recordsOf(readFileSync(ndjson, 'utf8')).length).toBeGreaterThan(0)
  })
})

it.each([
  ['records that do not fit', ['{root}/parts', '--ndjson', '/dev/full'], /Expected \/dev\/full to be writable, got: ENOSPC.*\(GOODPARTS_STORE_FAILED\)\nFix: Free room/],
  ['a source that is not there', ['nowhere'], /Expected nowhere to be a folder, a picture, a video.*got nothing of that name \(GOODPARTS_ARGUMENT\)/],
  ['a folder without pictures', ['{root}/cache'], /to hold pictures .*got none \(GOODPARTS_DATASET_INVALID\)/],
  ['a picture that is none', ['{root}/parts/broken.png'], /broken\.png to be a picture.*GOODPARTS_IMAGE_DECODE/],
  ['parameters for pictures', ['{root}/parts', '--param', 'rate=3'], /Expected parameters for a pipeline only, got rate/],
  ['a parameter that a pipeline does not have', ['generated-line', '--param', 'colour=red'], /Expected a parameter of generated-line .*got colour/],
  ['two things for standard output', ['{root}/parts', '--json', '-', '--ndjson', '-'], /got both/]
])('refuses %s', async (_name, [source = '', ...args], message) => {
  const { code, stderr } = await inspect(source.replace('{root}', root), ...args)
  expect(code).toBe(1)
  expect(stderr).toMatch(message)
})

it('refuses to begin without a bundle', async () => {
  const { code, stderr } = await runGoodparts(['inspect', parts])
  expect([code, stderr]).toEqual([1, expect.stringContaining("required option '--bundle <file>' not specified")])
})

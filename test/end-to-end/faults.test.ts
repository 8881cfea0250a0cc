/** What goes wrong in a factory, done to a running line: each fault is told by a status and an error, and the line goes on or comes back by itself. */
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { makeVideo } from '../capture/watched-source.ts'
import { undeploy } from '../nodes/flow-runtime.ts'
import { captureProcesses, countBy, fitPlates, openWorkplace, PlatesLine, until, type Workplace } from './plates-line.ts'

let workplace: Workplace
/** Bundle ids of two memories learned from the same plates. */
let plates: string
let others: string

beforeAll(async () => {
  workplace = await openWorkplace()
  const [one, other] = await Promise.all([1, 2].map(async (seed) => fitPlates(workplace.bundle(seed === 1 ? 'plates' : 'others'), seed)))
  plates = one!.metadata.id
  others = other!.metadata.id
}, 180_000)

afterEach(undeploy)
afterAll(async () => { await workplace.end() })

async function running (source: string, changes: Parameters<PlatesLine['deploy']>[0] = {}): Promise<PlatesLine> {
  const line = new PlatesLine(source)
  await line.deploy(changes)
  await line.modelReady()
  await until('verdicts by the model', () => line.verdicts.filter(({ bundle }) => bundle?.id === plates).length >= 5)
  return line
}

/** Each frame has exactly one verdict, in order. */
function expectOneVerdictEach (line: PlatesLine): void {
  expect(new Set(line.frames.map(({ sequence }) => sequence)).size).toBe(line.frames.length)
  expect(line.verdicts.map(({ frame }) => frame.sequence)).toEqual(line.frames.map(({ sequence }) => sequence))
  const { in: entered, out, dropped, inFlight } = line.ledger('score/score')
  expect({ entered, inFlight }).toEqual({ entered: line.frames.length, inFlight: 0 })
  expect(dropped).toEqual(countBy(line.verdicts.filter(({ verdict }) => verdict === 'not-inspected'), ({ reason }) => reason.code))
  expect(out).toBe(line.verdicts.filter(({ verdict }) => verdict !== 'not-inspected').length)
}

describe('the capture process is killed', () => {
  it('says so, starts another, and goes on with new numbers', async () => {
    const line = await running('killed')
    const [pid] = captureProcesses()

    process.kill(pid!, 'SIGKILL')
    await until('the error', () => line.events.some(({ kind }) => kind === 'error'))
    const at = line.verdicts.length
    await until('verdicts after it', () => line.verdicts.length >= at + 10 && line.events.filter(({ kind }) => kind === 'running').length === 2)

    expect(line.events.find(({ kind }) => kind === 'error')).toMatchObject({ code: 'GOODPARTS_CAPTURE_FAILED', text: expect.stringContaining('SIGKILL') as string })
    expect(line.errors.camera).toEqual([expect.stringContaining('got SIGKILL')])
    expect(line.statuses.camera).toContainEqual({ fill: 'red', shape: 'ring', text: 'goodparts-capture.status.failed.GOODPARTS_CAPTURE_FAILED' })
    await until('the status to be green again', () => line.statuses.camera?.at(-1)?.fill === 'green')
    const now = captureProcesses()
    expect(now).toHaveLength(1)
    expect(now).not.toContain(pid)

    await line.stop()
    expectOneVerdictEach(line)
    const { in: pulled, out, dropped } = line.ledger('capture/killed')
    expect(pulled).toBe(out + Object.values(dropped).reduce((sum, count) => sum + count, 0))
    expect(captureProcesses()).toEqual([])
  }, 90_000)
})

describe('a bundle is garbage', () => {
  const kinds: Array<[string, (good: Buffer) => Uint8Array]> = [
    ['no model at all', () => Buffer.from('This is no bundle.\n'.repeat(1000))],
    ['half of one', (good) => good.subarray(0, good.byteLength / 2)],
    ['one with a flipped bit', (good) => { const bytes = Buffer.from(good); bytes[bytes.byteLength >> 1]! ^= 4; return bytes }]
  ]

  async function garbage (make: (good: Buffer) => Uint8Array): Promise<string> {
    await writeFile(workplace.bundle('garbage'), make(await readFile(workplace.bundle('plates'))))
    return workplace.bundle('garbage')
  }

  it.each(kinds)('at the start, %s: nothing passes as good, and a sound bundle brings the line to life', async (_, make) => {
    await garbage(make)
    const line = new PlatesLine('garbage-at-start')
    await line.deploy({ model: { bundle: 'garbage' } })
    await line.more(5)
    await until('the error', () => line.errors.model?.length === 1)

    expect(line.errors.model).toEqual([expect.stringMatching(/^Expected .*garbage\.onnx/)])
    await until('the status', () => line.shown('score')?.startsWith('goodparts-score.status.') === true && line.statuses.score?.some(({ fill, shape, text }) => fill === 'red' && shape === 'ring' && text === 'goodparts-score.status.failed') === true)
    expect(new Set(line.verdicts.map(({ verdict, reason }) => `${verdict} ${reason.code}`))).toEqual(new Set(['not-inspected model-unavailable']))

    await line.model.swap(workplace.bundle('plates'))
    await until('verdicts', () => line.verdicts.at(-1)?.bundle?.id === plates)
    await line.stop()
    expectOneVerdictEach(line)
  }, 60_000)

  it.each(kinds)('in place of the running one, %s: the running one stays', async (_, make) => {
    const path = await garbage(make)
    const line = await running('garbage-swap')
    const before = line.verdicts.length

    await expect(line.model.swap(path)).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_INVALID', message: expect.stringContaining('garbage.onnx') as string })
    await line.more(5)
    await until('the status', () => line.shown('score') === 'goodparts-score.status.oldModel')

    expect(line.statuses.score?.at(-1)?.fill).toBe('yellow')
    await line.stop()
    expectOneVerdictEach(line)
    expect(new Set(line.verdicts.slice(before).map(({ bundle }) => bundle?.id))).toEqual(new Set([plates]))
    expect(line.verdicts.slice(before).filter(({ verdict }) => verdict === 'not-inspected')).toEqual([])
  }, 60_000)
})

describe('a bundle is exchanged while the line runs', () => {
  it('loses no frame: each number has one verdict, and the bundle changes once', async () => {
    const line = await running('swap', { camera: { parameters: { rate: 40, learn: 0, defectShare: 0.3, seed: 3 } } })
    const begun = line.verdicts.findIndex(({ verdict }) => verdict !== 'not-inspected')

    await line.model.swap(workplace.bundle('others'))
    await until('verdicts by the new bundle', () => line.verdicts.filter(({ bundle }) => bundle?.id === others).length >= 20)
    await line.stop()

    expectOneVerdictEach(line)
    const judged = line.verdicts.slice(begun)
    expect(judged.filter(({ verdict }) => verdict === 'not-inspected')).toEqual([])
    const ids = judged.map(({ bundle }) => bundle?.id)
    expect(ids.filter((id, index) => index === 0 || id !== ids[index - 1])).toEqual([plates, others])
    expect([line.errors, line.caught]).toEqual([{ camera: [], model: [], score: [] }, []])
  }, 60_000)
})

describe('the video is deleted while it loops', () => {
  it('says which file is gone, and plays again when it is back', async () => {
    const folder = join(workplace.userDir, 'video')
    const [file, aside] = [join(folder, 'plates.avi'), join(folder, 'aside.avi')]
    await mkdir(folder)
    await makeVideo(aside, 15, ['jpegenc', '!', 'avimux'], '224x224')
    await copyFile(aside, file)
    const line = await running('video', { camera: { pipeline: 'video-file', parameters: { file }, width: '224', height: '224', maximumRate: '30', endOfStream: 'loop' } })
    await until('a second pass', () => line.events.some(({ kind }) => kind === 'looped'))

    await rm(file)
    await until('the error', () => line.events.some(({ kind }) => kind === 'error'))
    await until('the status', () => line.statuses.camera?.at(-1)?.fill === 'red')
    expect(line.events.find(({ kind }) => kind === 'error')).toMatchObject({ code: 'GOODPARTS_CAPTURE_FAILED', text: expect.stringContaining(file) as string, fix: expect.stringContaining('Put it back') as string })
    expect(line.errors.camera?.[0]).toContain(file)

    await rename(aside, file)
    const runs = line.events.filter(({ kind }) => kind === 'running').length
    await until('the line to run again', () => line.events.filter(({ kind }) => kind === 'running').length > runs)
    await line.more(10)
    await until('the status', () => line.statuses.camera?.at(-1)?.fill === 'green')
    await line.stop()
    expectOneVerdictEach(line)
  }, 90_000)
})

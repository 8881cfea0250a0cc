import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isForTerminal } from '../../cli/commands/demo.ts'
import { demoFlow, type FlowNode } from '../../cli/demo/flow.ts'
import { goodFolder, playedSource } from '../../cli/demo/source.ts'
import { packageName, packageRoot, prepareUserDirectory } from '../../cli/demo/user-directory.ts'
import { loadPipeline } from '../../engine/capture/pipelines.ts'
import { GoodpartsError } from '../../engine/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'goodparts-demo-'))
const example = JSON.parse(readFileSync(join(packageRoot(), 'flows', '01 - Inspect light-guide plates.json'), 'utf8')) as FlowNode[]
const choices = { kafka: null, recordsFile: join(folder, 'inspections.ndjson'), source: null }

function only (flow: FlowNode[], type: string): FlowNode {
  const found = flow.filter((node) => node.type === type)
  expect(found, type).toHaveLength(1)
  return found[0]!
}

describe('what the terminal shows of Node-RED’s log', () => {
  it.each([
    ['1 Jan 00:00:00 - [error] [function:own] ReferenceError: x is not defined', true],
    ['1 Jan 00:00:00 - [warn] [goodparts-score:inspect] Line “a” is also judged by b', true],
    ['1 Jan 00:00:00 - [info] [goodparts-capture:camera] Expected the capture process to run, got SIGKILL', true],
    ['1 Jan 00:00:00 - [info] [goodparts-model:plates] loading plates.onnx', true],
    ['1 Jan 00:00:00 - [info] [goodparts-live-server:Live page] http://127.0.0.1:8765', false],
    ['1 Jan 00:00:00 - [info] Started flows', false]
  ])('%s', (line, shown) => { expect(isForTerminal(line)).toBe(shown) })
})

afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

describe('the flow of the demo', () => {
  it('writes records to a file unless Kafka is named', () => {
    expect(only(demoFlow(example, choices), 'goodparts-kafka-out')).toMatchObject({ sink: 'file', path: choices.recordsFile })

    const streaming = demoFlow(example, { ...choices, kafka: 'broker:9092' })
    const broker = only(streaming, 'goodparts-kafka-broker')
    expect(broker.brokers).toBe('broker:9092')
    expect(only(streaming, 'goodparts-kafka-out')).toMatchObject({ sink: 'kafka', broker: broker.id })
  })

  it('learns from a folder of good parts and plays what is to be inspected', () => {
    const played = playedSource(folder)
    const flow = demoFlow(example, { ...choices, source: { goodFolder: folder, played, name: 'bottles' } })
    const fit = only(flow, 'goodparts-fit')
    const learn = flow.filter((node) => node.type === 'inject' && node.once === true)

    expect(only(flow, 'goodparts-capture')).toMatchObject({ pipeline: 'image-folder', parameters: { folder }, endOfStream: 'loop' })
    expect(fit.begin).toBe('manual')
    expect(learn).toHaveLength(1)
    expect(learn[0]).toMatchObject({ wires: [[fit.id]], props: [{ p: 'payload', v: JSON.stringify({ folder }), vt: 'json' }] })
    expect(only(flow, 'goodparts-score').line).toBe('bottles')
  })

  it('leaves the example as it is', () => {
    const before = JSON.stringify(example)
    demoFlow(example, { ...choices, kafka: 'broker:9092' })

    expect(JSON.stringify(example)).toBe(before)
  })
})

describe('what --source means', () => {
  it.each([
    ['rtsp://camera/stream', 'rtsp-camera'],
    ['http://camera/video.mjpg', 'http-mjpeg'],
    ['/dev/video0', 'v4l2-camera'],
    [folder, 'image-folder'],
    [import.meta.filename, 'video-file']
  ])('plays %s with the pipeline %s and parameters that it has', (source, pipeline) => {
    const played = playedSource(source)

    expect(played.pipeline).toBe(pipeline)
    const known = loadPipeline(pipeline).parameters.map(({ name }) => name)
    for (const name of Object.keys(played.parameters)) expect(known).toContain(name)
  })

  it('leaves no password in a flow', () => {
    expect(() => playedSource('rtsp://user:hidden@camera/1')).toThrow(/^(?!.*hidden)Expected an address without user and password/)
  })

  it('counts the good parts that the fit node will find: right in the folder, of the kinds that it reads', async () => {
    const [deep, kinds, good] = ['deep', 'kinds', 'good'].map((name) => join(folder, name)) as [string, string, string]
    for (const path of [join(deep, 'below'), kinds, good]) mkdirSync(path, { recursive: true })
    for (let number = 0; number < 20; number++) {
      writeFileSync(join(deep, 'below', `${number}.png`), '')
      writeFileSync(join(kinds, `${number}.${number === 0 ? 'png' : 'gif'}`), '')
      writeFileSync(join(good, `${number}.png`), '')
    }

    await expect(goodFolder(deep)).rejects.toMatchObject({ code: 'GOODPARTS_DATASET_INVALID' })
    await expect(goodFolder(kinds)).rejects.toMatchObject({ code: 'GOODPARTS_TOO_FEW_IMAGES', message: expect.stringContaining('got 1') as string })
    expect(await goodFolder(good)).toBe(good)
  })

  it('says what is wrong with a path that is not there, and with good parts that are no folder', async () => {
    expect(() => playedSource(join(folder, 'nowhere'))).toThrow(GoodpartsError)
    await expect(goodFolder(import.meta.filename)).rejects.toThrow(/folder of pictures of good parts/)
  })
})

describe('the user directory', () => {
  const userDir = join(folder, 'user')
  it('keeps what was changed in a flow that was laid down for the same source or broker, and says where one for another lies', () => {
    const path = join(userDir, 'made for')
    const prepareFor = (madeFor: string | null): ReturnType<typeof prepareUserDirectory> => prepareUserDirectory(path, { editorPort: 1880, flow: () => [{ id: `for ${madeFor}` }], renewFlow: false, madeFor })
    expect(prepareFor('a broker')).toMatchObject({ flowKept: false, flowBefore: null })
    writeFileSync(join(path, 'flows.json'), '[{ "id": "edited" }]')
    expect(prepareFor('a broker')).toMatchObject({ flowKept: true, flowBefore: null })
    expect(prepareFor(null)).toMatchObject({ flowKept: true, flowBefore: null })
    expect(readFileSync(join(path, 'flows.json'), 'utf8')).toContain('edited')
    expect(prepareFor('another')).toMatchObject({ flowKept: false, flowBefore: join(path, 'flows.json.before') })
    expect(readFileSync(join(path, 'flows.json.before'), 'utf8')).toContain('edited')
    expect(readFileSync(join(path, 'flows.json'), 'utf8')).toContain('for another')
  })

  const prepare = (renewFlow: boolean, fitFolders: string[] = []): ReturnType<typeof prepareUserDirectory> =>
    prepareUserDirectory(userDir, { editorPort: 1880, flow: () => [{ id: 'fresh' }], renewFlow, fitFolders })
  const settings = (): unknown => JSON.parse(readFileSync(join(userDir, 'settings.cjs'), 'utf8').split('module.exports = ')[1]!)

  it('links the package in and lays the flow down', () => {
    const { flowFile, flowKept } = prepare(false)

    expect(flowKept).toBe(false)
    expect(JSON.parse(readFileSync(flowFile, 'utf8'))).toEqual([{ id: 'fresh' }])
    expect(existsSync(join(userDir, 'node_modules', packageName, 'package.json'))).toBe(true)
  })

  it('keeps a flow that was edited, and an older one beside the new one', () => {
    writeFileSync(join(userDir, 'flows.json'), '[{"id":"edited"}]')

    expect(prepare(false)).toMatchObject({ flowKept: true })
    expect(readFileSync(join(userDir, 'flows.json'), 'utf8')).toContain('edited')

    expect(prepare(true)).toMatchObject({ flowKept: false })
    expect(readFileSync(join(userDir, 'flows.json'), 'utf8')).toContain('fresh')
    expect(readFileSync(join(userDir, 'flows.json.before'), 'utf8')).toContain('edited')
  })

  it('writes no older flow over another', () => {
    for (const id of ['second', 'third']) {
      writeFileSync(join(userDir, 'flows.json'), `[{"id":"${id}"}]`)
      prepare(true)
    }

    expect(['', '.2', '.3'].map((number) => readFileSync(join(userDir, `flows.json.before${number}`), 'utf8'))).toEqual([expect.stringContaining('edited'), expect.stringContaining('second'), expect.stringContaining('third')])
  })

  it.each([
    ['package.json', '{"name":"node-red-project","dependencies":{"some-node":"1"}}'],
    ['package.json', 'no JSON'],
    ['flows.json', '[]']
  ])('leaves a Node-RED of somebody else alone: its %s is %s', (name, content) => {
    const own = mkdtempSync(join(folder, 'own-'))
    writeFileSync(join(own, name), content)

    expect(() => prepareUserDirectory(own, { editorPort: 1880, flow: () => [], renewFlow: false })).toThrow(expect.objectContaining({ code: 'GOODPARTS_ARGUMENT', fix: expect.stringContaining('--user-dir') as string }) as Error)
    expect(readdirSync(own)).toEqual([name])
    expect(readFileSync(join(own, name), 'utf8')).toBe(content)
  })

  it('lets the flow learn from the folder that it was made for, for as long as it is kept', () => {
    prepare(true, ['/data/good'])
    expect(settings()).toMatchObject({ goodpartsFitFolders: ['/data/good'] })
    prepare(false)
    expect(settings()).toMatchObject({ goodpartsFitFolders: ['/data/good'] })
    prepare(true)
    expect(settings()).toMatchObject({ goodpartsFitFolders: [] })
  })

  it('says which folder cannot be written and what to do', () => {
    mkdirSync(userDir, { recursive: true })
    for (const path of [join(userDir, 'flows.json', 'below'), '/proc/goodparts']) {
      expect(() => prepareUserDirectory(path, { editorPort: 1880, flow: () => [], renewFlow: false })).toThrow(/to be writable/)
    }
  })
})

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { PipelineDefinition } from '../../schemas/pipeline.ts'
import { checkPropertyChange } from '../../engine/capture/allowed-properties.ts'
import { compilePipeline } from '../../engine/capture/compile.ts'
import { frames } from '../../engine/capture/frames.ts'
import { factoriesOf, parseLaunch } from '../../engine/capture/launch-text.ts'
import { checkDefinition, loadPipeline, loadPipelines } from '../../engine/capture/pipelines.ts'
import { seededRandom } from '../../engine/random.ts'
import { temporaryFolder } from './watched-source.ts'

const pieces = ['!', ' ! fakesink', ' ! filesink location=/tmp/x', '"', '\'', '\\', '\\"', '" ! fakesink name="', '\' ! fakesink \'', '\n', '\r\n! fakesink', '{', '}', '{rate}', '{launch}', '$', '$' + '{HOME}', '`id`', ';', '( fakesink )', 'a.', '=', 'name=sink', ' ', '\t', '\u2028', '\ud800', 'video/x-raw', '%s', '%n', '\\\\', '\u0001', 'x']

/** Every pipeline with all its parameters given something that passes. */
function plain (definition: PipelineDefinition): Record<string, unknown> {
  const values = { folder: '/x', file: '/x', camera: 'x', address: 'x' } as Record<string, unknown>
  return Object.fromEntries(definition.parameters.filter(({ required }) => required).map(({ name, schemes, default: usual }) => [name, schemes === undefined ? usual ?? values[name] : `${schemes[0] ?? ''}://host/x`]))
}

describe('a parameter', () => {
  test('of any pipeline, whatever it is, adds no element and no text to the graph', () => {
    const random = seededRandom(7)
    let refused = 0
    let accepted = 0
    for (const definition of loadPipelines().filter(({ id }) => id !== 'custom')) {
      const usual = compilePipeline(definition, plain(definition))
      const factories = factoriesOf(parseLaunch(usual.launch))
      for (const { name, type } of definition.parameters) {
        for (let round = 0; round < 200; round++) {
          const hostile = Array.from({ length: 1 + Math.floor(random() * 5) }, () => pieces[Math.floor(random() * pieces.length)]).join('')
          const value = type === 'uri' ? `${definition.parameters.find((parameter) => parameter.name === name)?.schemes?.[0] ?? ''}://host/${hostile}` : hostile
          let plan
          try {
            plan = compilePipeline(definition, { ...plain(definition), [name]: value })
          } catch (error) {
            expect(error).toMatchObject({ code: 'GOODPARTS_PIPELINE_PARAMETER' })
            refused++
            continue
          }
          accepted++
          expect(plan.launch).toBe(usual.launch)
          expect(factoriesOf(parseLaunch(plan.launch))).toEqual(factories)
        }
      }
    }
    expect(refused).toBeGreaterThan(1000)
    expect(accepted).toBeGreaterThan(500)
  })

  test('with hostile text reaches GStreamer as the value it is', async () => {
    const target = join(await temporaryFolder(), 'written')
    for (const file of [`/nowhere" ! filesink location=${target} name="`, `/nowhere\\ ! filesink location=${target}`, `/nowhere\n! filesink location=${target}`, '/nowhere { } ; \' \\']) {
      const read = async (): Promise<void> => { for await (const frame of frames(loadPipeline('video-file'), { file })) expect.fail(frame.frame.id) }
      await expect(read()).rejects.toMatchObject({ code: 'GOODPARTS_CAPTURE_FAILED', message: expect.stringContaining(file.replaceAll('\n', ' ')) as unknown })
    }
    expect(existsSync(target)).toBe(false)
  })

  test.each([
    ['video-file', { file: 'a\0b' }, 'without zero bytes'],
    ['video-file', { file: 3 }, 'to be a text'],
    ['video-file', {}, 'to be given, got nothing'],
    ['video-file', { file: 'a', more: 1 }, 'got more'],
    ['rtsp-camera', { address: 'file:///etc/passwd' }, 'beginning with rtsp://'],
    ['rtsp-camera', { address: 'rtsp:user:hidden@host/x' }, 'beginning with rtsp://'],
    ['rtsp-camera', { address: 'rtsp://operator@host/x' }, 'without user and password'],
    ['rtsp-camera', { address: 'rtsp://host/x', transport: 'tcp ! fakesink' }, 'one of tcp'],
    ['rtsp-camera', { address: 'rtsp://host/x', latency: '100 ! fakesink' }, 'a whole number'],
    ['rtsp-camera', { address: 'rtsp://host/x', latency: 1.5 }, 'a whole number'],
    ['rtsp-camera', { address: 'rtsp://host/x', latency: -1 }, 'from 0 to 10000'],
    ['sample-line', { rate: 'NaN' }, 'a number'],
    ['sample-line', { defectShare: 2 }, 'from 0 to 1'],
    ['custom', { launch: 'videotestsrc name=sink' }, ''],
    ['custom', { launch: 'videotestsrc ! appsink' }, ''],
    ['custom', { launch: 'filesrc location=/x ! queue2 temp-template=/tmp/goodparts-XXXXXX ! decodebin' }, 'write no files, got temp-template'],
    ['custom', { launch: 'filesrc location=/x ! queue2 temp_template=/tmp/goodparts-XXXXXX ! decodebin' }, 'write no files, got temp_template'],
    ['custom', { launch: 'uridecodebin uri=http://host/x download=true' }, 'write no files, got download']
  ])('of %s given as %j is refused', (id, values, words) => {
    expect(() => compilePipeline(loadPipeline(id), values)).toThrow(words)
  })

  test.each(['rtsp://user:hidden@host/x', ' rtsp://user:hid@hidden@host/x', 'rtsp://user:hid/hidden@host/x', 'rtsp://user:hidden@', 'file://user:hidden@host/x'])('that is an address with a password, %s, is refused without showing it', (address) => {
    expect(() => compilePipeline(loadPipeline('rtsp-camera'), { address })).toThrow(/^(?!.*hid)Expected parameter address to be an address/)
  })

  test('that is a secret is not in the error about it', () => {
    expect(() => compilePipeline(loadPipeline('rtsp-camera'), { address: 'rtsp://host/x', password: 'hid\0den' })).toThrow(/^(?!.*hid).*got a secret$/)
  })
})

describe('a change while the graph runs', () => {
  test.each([['sink', 'max-buffers'], ['feed', 'caps'], ['source', 'location'], ['queue', 'temp-template'], ['queue', 'Temp_Template'], ['source', 'device'], ['source', 'ring-buffer-file'], ['source', 'uri'], ['source', 'proxy']])('of %s.%s is refused', (element, property) => {
    expect(() => { checkPropertyChange({ element, property }) }).toThrow(expect.objectContaining({ code: 'GOODPARTS_FORBIDDEN' }) as Error)
  })

  test.each([['balance', 'brightness'], ['flip', 'method'], ['crop', 'left'], ['camera', 'exposure-time'], ['switch', 'max-size-buffers']])('of %s.%s is not', (element, property) => {
    expect(() => { checkPropertyChange({ element, property }) }).not.toThrow()
  })
})

describe('the form of a picture', () => {
  test.each([[{ width: 0 }, 'width'], [{ height: 1.5 }, 'height'], [{ maximumRate: 0.5 }, 'frame rate'], [{ crop: { left: -1, top: 0, right: 0, bottom: 0 } }, 'crop left'], [{ width: '640 ! fakesink' as unknown as number }, 'width']])('%j is refused', (output, words) => {
    expect(() => compilePipeline(loadPipeline('custom'), {}, output)).toThrow(words)
  })
})

describe('a definition', () => {
  const base: PipelineDefinition = { schema: 'goodparts.pipeline/1', id: 'x', name: 'x', description: '', launch: 'filesrc name=source location={file}', parameters: [], requiredElements: ['filesrc'], live: false, endOfStream: 'stop' }
  const file = { name: 'file', label: '', type: 'path' as const, default: '/x', required: true }

  test.each([
    [{ parameters: [file] }, 'use "set"'],
    [{ parameters: [{ ...file, type: 'choice' as const, choices: ['a ! b'] }] }, 'use "set"'],
    [{ parameters: [{ ...file, type: 'integer' as const, default: null }] }, 'with a default'],
    [{}, 'to be a parameter'],
    [{ launch: 'filesrc name=source', parameters: [{ ...file, set: { element: 'other', property: 'location' } }] }, 'got other'],
    [{ launch: 'filesrc name=source', parameters: [file] }, 'set somewhere'],
    [{ launch: 'filesrc ! decodebin' }, 'requiredElements to name decodebin'],
    [{ launch: 'filesrc', feed: 'pictures' as const }, 'appsrc named feed']
  ])('%j is refused', (changes, words) => {
    expect(() => { checkDefinition({ ...base, ...changes }) }).toThrow(words)
  })
})

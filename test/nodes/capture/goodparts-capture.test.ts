import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isFrame } from '../../../engine/frame/frame.ts'
import { validate } from '../../../engine/schema-validation.ts'
import capture from '../../../nodes/capture/goodparts-capture.ts'
import type { CaptureEvent } from '../../../schemas/capture-event.ts'
import { makeVideo, temporaryFolder } from '../../capture/watched-source.ts'
import { deploy, getFromEditorRoute, logsOf, nodeOf, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

const form = {
  name: '', source: 'line-1/camera', pipeline: 'custom', parameters: { launch: 'videotestsrc is-live=true' }, width: '64', height: '48', channels: '3', maximumRate: '', cropLeft: '', cropTop: '', cropRight: '', cropBottom: '', policy: 'auto', triggered: false, watchdog: '5', endOfStream: 'auto', autostart: true
}

const flow = (changes: object = {}): object[] => [
  { id: 'flow', type: 'tab' },
  { id: 'camera', z: 'flow', type: 'goodparts-capture', ...form, ...changes, wires: [['frames'], ['events']] },
  { id: 'frames', z: 'flow', type: 'helper' },
  { id: 'events', z: 'flow', type: 'helper' },
  { id: 'caught', z: 'flow', type: 'catch', scope: ['camera'], wires: [['errors']] },
  { id: 'errors', z: 'flow', type: 'helper' }
]

type Message = Record<string, unknown>

/** Resolves with the first message at a node that `wanted` accepts. */
async function until (id: string, wanted: (msg: Message) => boolean): Promise<Message> {
  return new Promise((resolve) => {
    nodeOf(id).on('input', (msg: unknown) => { if (wanted(msg as Message)) resolve(msg as Message) })
  })
}

const event = async (kind: CaptureEvent['kind']): Promise<Message> => until('events', (msg) => (msg.payload as CaptureEvent).kind === kind)
const command = (payload: unknown, more: object = {}): void => { nodeOf('camera').receive({ payload, ...more }) }

beforeAll(async () => { await startRuntime() })
afterEach(undeploy)
afterAll(async () => { await stopRuntime() })

describe('goodparts-capture', () => {
  test('sends frames with their header and source, and shows the rate', async () => {
    await deploy([capture], flow())

    const msg = await until('frames', () => true)

    expect(isFrame(msg.frame)).toBe(true)
    expect(msg.topic).toBe('line-1/camera')
    expect(validate('frame', msg.payload)).toMatchObject({ source: 'line-1/camera', width: 64, height: 48, channels: 3 })
    expect((await untilStatus('camera', ({ text }) => text?.includes('running') === true)).fill).toBe('green')
  })

  test('obeys start, stop and restart, and tells of them on the second output', async () => {
    await deploy([capture], flow({ autostart: false }))
    const running = event('running')
    command('start')
    expect(validate('capture-event', (await running).payload)).toMatchObject({ kind: 'running', source: 'line-1/camera' })
    const stopped = event('stopped')
    command('stop')
    await stopped
    const again = event('running')
    command('restart')
    await again
  })

  test('sends one frame for each trigger, with the part id that came with it', async () => {
    await deploy([capture], flow({ triggered: true, pipeline: 'custom' }))
    await event('running')
    const got: Message[] = []
    nodeOf('frames').on('input', (msg: unknown) => { got.push(msg as Message) })

    for (const partId of ['A', 'B', 'C']) command('trigger', { partId })
    await until('frames', (msg) => msg.partId === 'C')

    expect(got.map(({ partId }) => partId)).toEqual(['A', 'B', 'C'])
    expect(new Set(got.map(({ payload }) => (payload as { sequence: number }).sequence)).size).toBe(3)
  })

  test('changes a property of a named element while it runs', async () => {
    await deploy([capture], flow({ parameters: { launch: 'videotestsrc is-live=true pattern=white ! videobalance name=balance' } }))
    const first = await until('frames', () => true)
    expect((first.frame as { pixels: () => Uint8Array }).pixels()[0]).toBeGreaterThan(200)

    command({ element: 'balance', property: 'brightness', value: -1 })

    await until('frames', (msg) => ((msg.frame as { pixels: () => Uint8Array }).pixels()[0] ?? 255) < 40)
  })

  test('changes nothing that says what is read', async () => {
    await deploy([capture], flow({ parameters: { launch: 'filesrc name=source location=/nowhere ! decodebin' }, autostart: false }))
    const caught = until('errors', () => true)

    command({ element: 'source', property: 'location', value: '/etc/passwd' })

    expect((await caught).error).toMatchObject({ message: expect.stringContaining('got location') as unknown })
  })

  test('hands a message that is no command to Catch nodes, once', async () => {
    await deploy([capture], flow({ autostart: false }))
    const caught = until('errors', () => true)

    command('jump')

    expect((await caught).error).toMatchObject({ message: expect.stringContaining('Expected msg.payload to be start, stop') as unknown })
  })

  test('lists the pipelines for its form', async () => {
    await deploy([capture], flow({ autostart: false }))
    const { body } = await getFromEditorRoute('/goodparts/capture/pipelines')
    expect((body as unknown[]).map((definition) => validate('pipeline', definition).id)).toContain('rtsp-camera')
  })

  test.each([
    ['nonsense launch text', { parameters: { launch: 'this ((is nonsense' } }, 'GOODPARTS_PIPELINE_INVALID'],
    ['an element that is not allowed', { parameters: { launch: 'videotestsrc ! filesink location=/tmp/x' } }, 'GOODPARTS_PIPELINE_INVALID'],
    ['a parameter out of range', { pipeline: 'generated-line', parameters: { width: 7 } }, 'GOODPARTS_PIPELINE_PARAMETER'],
    ['a pipeline that does not exist', { pipeline: 'teleporter' }, 'GOODPARTS_PIPELINE_INVALID']
  ])('shows one clear error for %s', async (_, changes, code) => {
    const caught: Message[] = []
    await deploy([capture, (RED) => { RED.events.once('flows:started', () => { nodeOf('errors').on('input', (msg: unknown) => { caught.push(msg as Message) }) }) }], flow(changes))

    const status = await untilStatus('camera', ({ fill }) => fill === 'red')
    await expect.poll(() => caught, { message: 'Catch nodes hear of it too' }).toMatchObject([{ payload: { code }, error: { source: { id: 'camera' } } }])

    expect(status.text).toBe(`goodparts-capture.status.failed.${code}`)
  })

  test('shows that a video is not there, goes on trying, and plays it once it is', async () => {
    const file = join(await temporaryFolder(), 'line.avi')
    await deploy([capture], flow({ pipeline: 'video-file', parameters: { file } }))
    const [failed, caught] = await Promise.all([event('error'), until('errors', () => true)])
    expect(caught).toMatchObject({ error: { message: expect.stringContaining('No such file') as unknown }, payload: { code: 'GOODPARTS_CAPTURE_FAILED' } })
    expect(failed.payload).toMatchObject({ code: 'GOODPARTS_CAPTURE_FAILED', fix: expect.stringContaining('path exists') as unknown })
    expect((failed.payload as CaptureEvent).text).toContain('No such file')
    expect((await untilStatus('camera', ({ fill }) => fill === 'red')).text).toBe('goodparts-capture.status.failed.GOODPARTS_CAPTURE_FAILED')
    await event('restarting')

    await makeVideo(file, 30)

    await until('frames', () => true)
    expect(logsOf('camera'), 'one line for the loss, one for the recovery, however often it tried').toEqual([
      expect.stringContaining('No such file'), expect.stringMatching(/^Running again after \d+\.\d s$/)
    ])
  })
})

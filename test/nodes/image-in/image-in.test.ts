import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import type { NodeMessage } from 'node-red'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { encodeJpeg, encodePng } from '../../../engine/frame/image-codec.ts'
import { isFrame, type Frame } from '../../../engine/frame/frame.ts'
import imageIn from '../../../nodes/image-in/goodparts-image-in.ts'
import { deploy, nextMessage, nodeOf, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

const grey = { data: Uint8Array.of(10, 20, 30, 40, 50, 60), width: 3, height: 2, channels: 1 as const }
const folder = mkdtempSync(join(tmpdir(), 'goodparts-image-in-'))

const flow = (changes: object = {}): object[] => [
  { id: 'flow', type: 'tab' },
  { id: 'in', z: 'flow', type: 'goodparts-image-in', name: '', source: 'dock', folder, colour: 'auto', capacity: '2', wires: [['out', 'second']], ...changes },
  { id: 'out', z: 'flow', type: 'helper' },
  { id: 'second', z: 'flow', type: 'helper' },
  { id: 'caught', z: 'flow', type: 'catch', scope: ['in'], wires: [['errors']] },
  { id: 'errors', z: 'flow', type: 'helper' }
]

async function answer (msg: NodeMessage): Promise<Record<string, unknown>> {
  const next = nextMessage('out')
  nodeOf('in').receive(msg)
  return next
}

async function refusal (msg: NodeMessage): Promise<{ code: string, message: string }> {
  const next = nextMessage('errors')
  nodeOf('in').receive(msg)
  return (await next).error as { code: string, message: string }
}

beforeAll(async () => {
  await startRuntime()
  writeFileSync(join(folder, 'part-7.png'), await encodePng(grey))
})
afterEach(undeploy)
afterAll(async () => {
  await stopRuntime()
  rmSync(folder, { recursive: true, force: true })
})

describe('goodparts-image-in', () => {
  test('turns a Buffer into a frame that every branch shares, and keeps foreign properties', async () => {
    await deploy([imageIn], flow())
    const second = nextMessage('second')
    const decodedBy = once(process, 'worker') as Promise<[Worker]>

    const msg = await answer({ payload: await encodePng(grey), topic: 'kept', partId: 'p1', other: 5 })

    const frame = msg.frame as Frame
    expect(isFrame(frame)).toBe(true)
    // Not by Node-RED's thread.
    expect((await decodedBy)[0].threadName).toBe('goodparts-picture')
    expect([...frame.pixels()]).toEqual([...grey.data])
    expect(msg).toMatchObject({ topic: 'kept', partId: 'p1', other: 5, payload: { source: 'dock', sequence: 0, width: 3, height: 2, channels: 1 } })
    expect((await second).frame).toBe(frame)
    expect(await untilStatus('in', (status) => typeof status === 'object' && status.fill === 'green')).toMatchObject({ shape: 'dot' })
  })

  test('reads a path under its folder and takes the file\'s name for the part', async () => {
    await deploy([imageIn], flow())

    expect(await answer({ payload: 'part-7.png' })).toMatchObject({ partId: 'part-7.png', topic: 'dock' })
    expect(await answer({ payload: await encodePng(grey), filename: '/elsewhere/part-8.png' })).toMatchObject({ partId: 'part-8.png', payload: { sequence: 1 } })
  })

  test('makes no part up for a picture with a label, so that the same label in another message is no other part', async () => {
    await deploy([imageIn], flow())
    const picture = await encodePng(grey)

    expect(await answer({ payload: picture, label: 'good' })).toMatchObject({ partId: null })
    expect(await answer({ payload: picture, label: 'good', partId: 'p1' })).toMatchObject({ partId: 'p1' })
    expect(await answer({ payload: picture, _msgid: 'm1' })).toMatchObject({ partId: 'm1' })
  })

  test('turns grey into colour where asked', async () => {
    await deploy([imageIn], flow({ colour: 'rgb' }))

    const { frame } = await answer({ payload: await encodeJpeg({ ...grey, pixels: () => grey.data }, 90) })

    expect(frame).toMatchObject({ channels: 3, byteLength: 18 })
  })

  test('gives Catch one error for a bad picture and for a path outside, and goes on', async () => {
    await deploy([imageIn], flow())
    const errors: unknown[] = []
    nodeOf('errors').on('input', (msg: unknown) => { errors.push(msg) })

    expect(await refusal({ payload: Buffer.from('nonsense') })).toMatchObject({ code: 'GOODPARTS_IMAGE_DECODE' })
    expect(await refusal({ payload: '../../etc/passwd' })).toMatchObject({ code: 'GOODPARTS_FORBIDDEN' })
    await answer({ payload: 'part-7.png' })

    expect(errors).toHaveLength(2)
  })

  test('refuses what exceeds its queue', async () => {
    await deploy([imageIn], flow())
    const refused = nextMessage('errors')

    for (let i = 0; i < 3; i++) nodeOf('in').receive({ payload: 'part-7.png', number: i })

    expect(await refused).toMatchObject({ number: 2, error: { code: 'GOODPARTS_QUEUE_FULL' } })
  })

  test.each([[{ capacity: '0' }, 'the queue'], [{ colour: 'blue' }, 'the colour']])('says what is wrong with its form: %j', async (changes, what) => {
    await deploy([imageIn], flow(changes))
    expect(await untilStatus('in', ({ fill }) => fill === 'red')).toMatchObject({ text: 'goodparts-image-in.status.notConfigured' })
    expect(await refusal({ payload: await encodePng(grey) })).toMatchObject({ code: 'GOODPARTS_ARGUMENT', message: expect.stringContaining(what) as string })
  })
})

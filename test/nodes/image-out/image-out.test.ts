import type { NodeMessage } from 'node-red'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { EncodedImage } from '../../../engine/frame/encoded-image.ts'
import { Frame } from '../../../engine/frame/frame.ts'
import { decodeImage, encodeJpeg } from '../../../engine/frame/image-codec.ts'
import imageOut from '../../../nodes/image-out/goodparts-image-out.ts'
import { deploy, nextMessage, nodeOf, startRuntime, stopRuntime, undeploy } from '../flow-runtime.ts'

const pixels = Uint8Array.from({ length: 16 * 8 * 3 }, (_, i) => (i * 7) % 256)
const frame = Frame.fromPixels(pixels, { source: 'test', sequence: 0, width: 16, height: 8, channels: 3 })

const flow = (changes: object = {}): object[] => [
  { id: 'flow', type: 'tab' },
  { id: 'node', z: 'flow', type: 'goodparts-image-out', name: '', content: 'frame', format: 'jpeg', quality: '85', capacity: '4', wires: [['out']], ...changes },
  { id: 'out', z: 'flow', type: 'helper' },
  { id: 'caught', z: 'flow', type: 'catch', scope: ['node'], wires: [['errors']] },
  { id: 'errors', z: 'flow', type: 'helper' }
]

async function answer (msg: NodeMessage, from = 'out'): Promise<Record<string, unknown>> {
  const next = nextMessage(from)
  nodeOf('node').receive(msg)
  return next
}

beforeAll(async () => { await startRuntime() })
afterEach(undeploy)
afterAll(async () => { await stopRuntime() })

describe('goodparts-image-out', () => {
  test('gives a frame as JPEG and keeps the rest of the message', async () => {
    await deploy([imageOut], flow())

    const { payload, contentType, frame: kept, partId } = await answer({ frame, partId: 'p' })

    expect([contentType, kept, partId]).toEqual(['image/jpeg', frame, 'p'])
    expect((payload as Buffer).subarray(0, 3)).toEqual(Buffer.of(0xff, 0xd8, 0xff))
    expect(await decodeImage(payload as Buffer)).toMatchObject({ width: 16, height: 8, channels: 3 })
  })

  test('gives a frame as PNG without loss', async () => {
    await deploy([imageOut], flow({ format: 'png' }))

    const { payload, contentType } = await answer({ frame })

    expect(contentType).toBe('image/png')
    expect([...(await decodeImage(payload as Buffer)).data]).toEqual([...pixels])
  })

  test('gives an explanation\'s picture, as it is or in the other format', async () => {
    const jpeg = await encodeJpeg({ pixels: () => pixels, width: 16, height: 8, channels: 3 }, 90)
    const explanation = { overlay: new EncodedImage(jpeg, 'image/jpeg') }

    await deploy([imageOut], flow({ content: 'explanation' }))
    expect((await answer({ explanation })).payload).toEqual(jpeg)
    await undeploy()
    await deploy([imageOut], flow({ content: 'explanation', format: 'png' }))
    const { payload } = await answer({ explanation })

    expect([...(await decodeImage(payload as Buffer)).data]).toEqual([...(await decodeImage(jpeg)).data])
  })

  test.each([['frame', { frame: 'text' }], ['explanation', { frame }]])('tells Catch when there is no %s', async (content, msg) => {
    await deploy([imageOut], flow({ content }))

    expect(await answer(msg, 'errors')).toMatchObject({ error: { code: 'GOODPARTS_ARGUMENT' } })
  })

  test.each([[{ quality: '101' }, 'the quality'], [{ content: '' }, 'the content'], [{ format: 'gif' }, 'the format']])('says what is wrong with its form: %j', async (changes, what) => {
    await deploy([imageOut], flow(changes))
    expect(await answer({ frame }, 'errors')).toMatchObject({ error: { message: expect.stringContaining(what) as string } })
  })
})

import { describe, expect, test } from 'vitest'
import { compilePipeline } from '../../engine/capture/compile.ts'
import type { CapturePlan } from '../../engine/capture/host-protocol.ts'
import { loadPipeline } from '../../engine/capture/pipelines.ts'

const compile = (launch: string, given: Record<string, unknown> = {}): CapturePlan => compilePipeline(loadPipeline('custom'), { launch, ...given })
const secrets = { user: 'operator', password: 'p w"!\\@' }

describe('custom launch text', () => {
  test('names user and password, which are set on the elements and are not in the text', () => {
    const plan = compile('rtspsrc name=camera location=rtsp://camera/1 user-id={user} user-pw="{password}" latency=50 ! decodebin', secrets)
    expect(plan.properties).toEqual([{ element: 'camera', property: 'user-id', value: 'operator' }, { element: 'camera', property: 'user-pw', value: 'p w"!\\@' }])
    expect(plan.launch).toMatch(/^rtspsrc name="camera" location="rtsp:\/\/camera\/1" latency="50" ! decodebin ! /)
  })

  test('may have them in an address, of an element without a name', () => {
    const plan = compile('videotestsrc ! fakesink souphttpsrc location=http://{user}:{password}@camera/video ! jpegdec', secrets)
    expect(plan.properties).toEqual([{ element: 'custom-2', property: 'location', value: 'http://operator:p%20w%22!%5C%40@camera/video' }])
    expect(plan.launch).toContain('souphttpsrc name="custom-2" ! jpegdec')
  })

  test.each([
    'rtspsrc location=rtsp://operator:hidden@camera/1 ! decodebin',
    'rtspsrc location=rtsp://hidden@camera/1 ! decodebin',
    'rtspsrc location=rtsp://{user}:hidden@camera/1 ! decodebin',
    'rtspsrc location=rtsp://camera/1 user-id={user} user-pw=hidden ! decodebin',
    'rtspsrc location=rtsp://camera/1 user-pw={password}hidden ! decodebin',
    'souphttpsrc location=http://camera proxy-pw=hidden ! jpegdec',
    'srtsrc uri=srt://camera passphrase=hidden ! decodebin'
  ])('may not hold them in clear: %s', (text) => {
    expect(() => compilePipeline(loadPipeline('custom'), { launch: text, ...secrets }, {}, { allowElements: ['srtsrc'] })).toThrow(expect.objectContaining({
      code: 'GOODPARTS_PIPELINE_INVALID', message: expect.not.stringContaining('hidden') as string, fix: expect.stringContaining('{password}') as string
    }) as Error)
  })

  test('says which one is missing', () => {
    expect(() => compile('rtspsrc location=rtsp://camera/1 user-id={user} user-pw={password} ! decodebin', { user: 'operator' })).toThrow('Expected the password that the launch text names to be given')
  })

  test('is as before without them', () => {
    const plan = compile('videotestsrc pattern=ball ! tee name=t t. ! queue', secrets)
    expect(plan.properties).toEqual([])
    expect(plan.launch).toMatch(/^videotestsrc pattern="ball" ! tee name="t" t\. ! queue ! /)
  })
})

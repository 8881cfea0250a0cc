import { describe, expect, test } from 'vitest'
import { backoff } from '../../engine/capture/backoff.ts'
import { FlowCount } from '../../engine/capture/flow-count.ts'
import { FrameRate } from '../../engine/capture/frame-rate.ts'
import { guessPipeline } from '../../engine/capture/frames.ts'
import { captureError, packageOf } from '../../engine/capture/gstreamer-errors.ts'

describe('waiting before a restart', () => {
  test('doubles up to the longest, never less than half of it', () => {
    const limits = { first: 500, longest: 30_000 }
    expect([0, 1, 2, 10, 1000].map((attempt) => backoff(attempt, () => 0, limits))).toEqual([250, 500, 1000, 15_000, 15_000])
    expect([0, 1, 2, 10].map((attempt) => backoff(attempt, () => 1, limits))).toEqual([500, 1000, 2000, 30_000])
  })
})

describe('the rate', () => {
  test('is that of the last frames, and falls while none comes', () => {
    const rate = new FrameRate()
    expect(rate.at(0)).toBe(0)
    for (let time = 0; time <= 1000; time += 100) rate.add(time)
    expect(rate.at(1000)).toBe(10)
    expect(rate.at(1150)).toBe(10)
    expect(rate.at(11_000)).toBe(0.9)
  })
})

describe('the account of a source', () => {
  test('balances over processes that end with pictures under way, and over words that overtake each other', () => {
    const flow = new FlowCount('test/flow', 'newer-frame')
    flow.progress(10, 3)
    flow.progress(8, 2)
    for (let count = 0; count < 6; count++) flow.receive()
    expect(flow.snapshot()).toMatchObject({ in: 10, out: 6, dropped: { 'newer-frame': 3 }, inFlight: 1 })
    flow.processGone()
    flow.progress(1, 0)
    flow.receive()
    expect(flow.snapshot()).toMatchObject({ in: 11, out: 7, dropped: { 'newer-frame': 3, 'process-ended': 1 }, inFlight: 0 })
    flow.close()
  })
})

describe('what GStreamer says', () => {
  const graph = { kind: 'error', origin: 'graph', element: 'source', debug: '' } as const

  test.each([
    ['no element "x264enc"', 'GOODPARTS_PIPELINE_ELEMENT_MISSING', 'gstreamer1.0-plugins-ugly'],
    ['no element "avdec_h264"', 'GOODPARTS_PIPELINE_ELEMENT_MISSING', 'gstreamer1.0-libav'],
    ['no property "colour" in element "videotestsrc"', 'GOODPARTS_PIPELINE_INVALID', 'gst-inspect-1.0'],
    ['could not link videotestsrc0 to jpegdec0', 'GOODPARTS_PIPELINE_INVALID', 'gst-launch-1.0'],
    ['Your GStreamer installation is missing a plug-in.', 'GOODPARTS_PIPELINE_ELEMENT_MISSING', 'gstreamer1.0-libav'],
    ['Resource not found.', 'GOODPARTS_CAPTURE_FAILED', 'path exists'],
    ['Unauthorized', 'GOODPARTS_CAPTURE_FAILED', 'password'],
    ['Got error: (401)', 'GOODPARTS_CAPTURE_FAILED', 'password'],
    ['Not Found, URL: http://127.0.0.1:40312/elsewhere, status 404', 'GOODPARTS_CAPTURE_FAILED', 'path in the address'],
    ['Could not connect to 10.0.0.401:4040', 'GOODPARTS_CAPTURE_FAILED', 'address and port'],
    ['Could not connect to server', 'GOODPARTS_CAPTURE_FAILED', 'address and port'],
    ['Device \'/dev/video0\' is busy', 'GOODPARTS_CAPTURE_FAILED', 'Another program']
  ])('%s becomes %s', (text, code, fix) => {
    expect(captureError({ ...graph, text })).toMatchObject({ code, message: `source: ${text}`, fix: expect.stringContaining(fix) as unknown })
  })

  test('keeps what the element itself says, and no password', () => {
    const error = captureError({ ...graph, text: 'Could not read.', debug: '../gst/x.c(10): f (): /GstPipeline:pipeline0:\nFailed at rtsp://operator:hidden@camera/line (Generic)' })
    expect(error.message).toBe('source: Could not read. (Failed at rtsp://***@camera/line (Generic))')
  })

  test('unknown words stay an error that a retry may mend', () => {
    expect(captureError({ ...graph, text: 'Internal data stream error.' })).toMatchObject({ code: 'GOODPARTS_CAPTURE_FAILED', retriable: true })
    expect(packageOf('something')).toContain('apt-file')
  })
})

describe('a source on a command line', () => {
  test.each([
    ['/pictures', true, 'image-folder'], ['line.mp4', false, 'video-file'], ['rtsp://camera/1', false, 'rtsp-camera'], ['http://camera/1', false, 'http-mjpeg'], ['/dev/video2', false, 'v4l2-camera']
  ])('%s is of the right pipeline', (source, isFolder, id) => {
    expect(guessPipeline(source, isFolder).id).toBe(id)
  })

  test.each([
    ['rtsp://operator:hid%40den@camera:554/line?x=1', { address: 'rtsp://camera:554/line?x=1', user: 'operator', password: 'hid@den' }],
    ['http://operator:100%@camera/1', { address: 'http://camera/1', user: 'operator', password: '100%' }],
    ['rtsp://operator@camera/1', { address: 'rtsp://camera/1', user: 'operator' }],
    ['rtsp://camera/cam@1', { address: 'rtsp://camera/cam@1' }]
  ])('%s is read apart', (source, parameters) => {
    expect(guessPipeline(source, false).parameters).toEqual(parameters)
  })

  test('of an unknown kind is refused', () => {
    expect(() => guessPipeline('gopher://user:hidden@camera', false)).toThrow(/^(?!.*hidden)Expected an address/)
  })
})

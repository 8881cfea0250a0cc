import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { checkElements, isAllowedElement } from '../../engine/capture/allowed-elements.ts'
import { factoriesOf, formatLaunch, namesOf, parseLaunch } from '../../engine/capture/launch-text.ts'

const rewrite = (text: string): string => formatLaunch(parseLaunch(text))

describe('launch text', () => {
  test.each([
    ['videotestsrc', 'videotestsrc'],
    ['videotestsrc  num-buffers=5 pattern="ball"!identity', undefined],
    ['videotestsrc num-buffers=5 ! identity', 'videotestsrc num-buffers="5" ! identity'],
    ['filesrc location="/a b/c!d.mp4" ! decodebin', 'filesrc location="/a b/c!d.mp4" ! decodebin'],
    ['filesrc location=\'/a b\' ! decodebin', 'filesrc location="/a b" ! decodebin'],
    ['a ! video/x-raw, width=640, format=(string){ RGB, BGR } ! b', 'a ! capsfilter caps="video/x-raw, width=640, format=(string){ RGB, BGR }" ! b'],
    ['a ! video/x-raw(memory:NVMM),width=[1,10] ! b', 'a ! capsfilter caps="video/x-raw(memory:NVMM),width=[1,10]" ! b'],
    ['v4l2src ! tee name=t t. ! queue ! fakesink t.src_1 ! queue', 'v4l2src ! tee name="t" t. ! queue ! fakesink t.src_1 ! queue'],
    ['v4l2src\n  device=/dev/video0\n! jpegdec', 'v4l2src device="/dev/video0" ! jpegdec']
  ])('%s', (text, expected) => {
    if (expected === undefined) expect(() => rewrite(text)).toThrow('Expected')
    else expect(rewrite(text)).toBe(expected)
  })

  test.each([
    '', '   ', '!', 'a !', '! a', 'a ! ! b', 'a ( b )', '( a ! b )', 'bin.( a )', 'a location=x\\ y', 'a location="x\\"', 'a location="x" y="', 'a location=x"y"z', 'file:///etc/passwd ! b', 'a ! file:///tmp/x',
    'a ! video/x-raw,format="RGB" ! b', 'a name=\u0007', 'a {', 'a ; b', 'a , b', 'a.b.c ! d', '"a" ! b', '=x', 'a b=c=\\', 'a\\ ! b', 'a caps="x\'" '
  ])('refuses %j', (text) => {
    expect(() => parseLaunch(text)).toThrow(expect.objectContaining({ code: 'GOODPARTS_PIPELINE_INVALID' }) as Error)
  })

  test('is the same to GStreamer as what was understood', () => {
    const text = rewrite('videotestsrc num-buffers=2 name=one ! video/x-raw, width=64 ! tee name=t t. ! queue ! fakesink t. ! queue ! fakesink')
    const said = execFileSync('gst-launch-1.0', [...text.split(/ (?=(?:[^"]*"[^"]*")*[^"]*$)/)], { encoding: 'utf8' })
    expect(said).toContain('EOS')
  })

  test('tells elements and names', () => {
    const launch = parseLaunch('videotestsrc name=one ! video/x-raw ! tee name=t t. ! queue')
    expect(factoriesOf(launch)).toEqual(['videotestsrc', 'capsfilter', 'tee', 'queue'])
    expect(namesOf(launch)).toEqual(['one', 't'])
  })
})

describe('elements of custom launch text', () => {
  test.each(['filesink', 'multifilesink', 'splitmuxsink', 'udpsink', 'tcpserversink', 'souphttpclientsink', 'rtspclientsink', 'fdsink', 'fdsrc', 'shmsink', 'appsrc', 'appsink', 'autovideosink', 'xvimagesink', 'filesink2', 'playbin', 'ladspa', 'frei0r-source', 'python', 'gstlal', 'x264enc', 'ximagesrc', 'pipewiresrc', 'hlssink', 'kmssink', 'giosink', 'giosrc', 'webrtcbin', 'v4l2sink', 'avdec', 'va', 'nvdec'])('refuse %s', (name) => {
    expect(isAllowedElement(name)).toBe(false)
    expect(() => { checkElements([name]) }).toThrow(name)
  })

  test.each(['videotestsrc', 'rtspsrc', 'avdec_h264', 'vah264dec', 'vaapih265dec', 'nvh264dec', 'v4l2h264dec', 'videocrop'])('allow %s', (name) => {
    expect(isAllowedElement(name)).toBe(true)
  })

  test('allow what a site adds', () => {
    expect(() => { checkElements(['pipewiresrc'], ['pipewiresrc']) }).not.toThrow()
  })
})

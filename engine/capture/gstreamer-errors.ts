/** GStreamer's words to one clear error, with what to do where that is known. */
import { GoodpartsError, type ErrorCode } from '../errors.ts'
import type { FromHost } from './host-protocol.ts'
import { withoutPasswords } from './userinfo.ts'

type HostError = FromHost & { kind: 'error' }

/** Debian and Ubuntu packages of the elements that people meet, by the beginning of the element's name. */
const packages: Array<[RegExp, string]> = [
  [/^aravis/, 'aravissrc, which Debian and Ubuntu do not package: build https://github.com/AravisProject/aravis with -Dgst-plugin=enabled'],
  [/^(avdec|avenc|avdemux|avmux)_/, 'apt-get install gstreamer1.0-libav'],
  [/^(x264enc|mpeg2dec|a52dec|asfdemux|rmdemux)$/, 'apt-get install gstreamer1.0-plugins-ugly'],
  [/^(vaapi|va)[a-z0-9]*(dec|enc|postproc)$|^vaapi/, 'apt-get install gstreamer1.0-vaapi'],
  [/^(rtspsrc|souphttpsrc|v4l2src|multipartdemux|jpegdec|jpegenc|pngdec|pngenc|videocrop|multifilesrc|imagefreeze|rtp|qtdemux|matroskademux|avidemux|vp8|vp9|deinterlace|udpsrc|videoflip|videobalance|gamma|alpha|videobox|autovideo)/, 'apt-get install gstreamer1.0-plugins-good'],
  [/^(h264parse|h265parse|hlsdemux|dashdemux|srtsrc|webrtc|shmsrc|openjpeg|rtmp|libde265|av1|dvb|videoparse|rawvideoparse|jpegparse|nv)/, 'apt-get install gstreamer1.0-plugins-bad'],
  [/^(videotestsrc|videoconvert|videoscale|videorate|decodebin|uridecodebin|appsink|appsrc|theora|ogg|gio|playbin|parsebin|typefind|tcp|rawvideoparse|pango|text)/, 'apt-get install gstreamer1.0-plugins-base']
]

/** What to install for an element. */
export function packageOf (element: string): string {
  return packages.find(([pattern]) => pattern.test(element))?.[1] ?? `find the plugin with: apt-file search ${element}, or gst-inspect-1.0 for what there is`
}

/** Codes of HTTP and RTSP, not ports and addresses that contain one. */
const rules: Array<{ pattern: RegExp, code: ErrorCode, fix: string | ((match: RegExpExecArray) => string) }> = [
  { pattern: /no element "([^"]+)"/, code: 'GOODPARTS_PIPELINE_ELEMENT_MISSING', fix: (match) => packageOf(match[1] ?? '') },
  { pattern: /missing (a )?plug-?in|no suitable plugins/i, code: 'GOODPARTS_PIPELINE_ELEMENT_MISSING', fix: 'apt-get install gstreamer1.0-libav gstreamer1.0-plugins-good gstreamer1.0-plugins-bad' },
  { pattern: /no property "([^"]+)"|could not set property/, code: 'GOODPARTS_PIPELINE_INVALID', fix: 'gst-inspect-1.0 ELEMENT lists the properties of an element' },
  { pattern: /syntax error|could not link|could not parse|empty pipeline|unexpected/i, code: 'GOODPARTS_PIPELINE_INVALID', fix: 'Try the text with gst-launch-1.0, ending in fakesink' },
  { pattern: /unauthori[sz]ed|(?<![\d.:])40[13](?!\d)|forbidden|not authorized/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'Check the user name and the password of the camera' },
  { pattern: /connection refused|could not connect|failed to connect|cannot connect/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'Check that the camera is on, and its address and port' },
  { pattern: /error resolving|could not resolve|name or service not known|cannot resolve/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'Check the host name, and the name server of this machine' },
  { pattern: /(?<![\d.:])404(?!\d)|stream not found|(rtsp|http)[^\n]*not found/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'Check the path in the address' },
  { pattern: /no such file|does not exist|cannot find|resource not found/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'Check that the path exists on the machine that runs Node-RED' },
  { pattern: /permission denied|not permitted|could not open .* for reading/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'Let the user that runs Node-RED read it (for cameras: usermod --append --groups video USER)' },
  { pattern: /device .*busy|resource busy|is busy/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'Another program uses the camera: stop that first' },
  { pattern: /not-negotiated|not negotiated|could not negotiate|filter caps do not completely/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'The source cannot give this size, format or rate: leave them open, or pick what it offers' },
  { pattern: /could not determine type|no valid frames|could not demultiplex|not a media|wrong type|doesn't contain|stream is of a different type/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'The file is damaged or is not a video' },
  { pattern: /timed? ?out/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'Check the network path to the camera; try the other transport' },
  // What is left where an element said nothing of its own, as of an address where nobody answers.
  { pattern: /internal data stream error/i, code: 'GOODPARTS_CAPTURE_FAILED', fix: 'Check that the camera is on, its address and port, and that it sends what this pipeline reads' }
]

/** The error of a capture process, with GStreamer's own message in it. */
export function captureError (error: HostError): GoodpartsError {
  if (error.code !== undefined) {
    return new GoodpartsError(error.code as ErrorCode, withoutPasswords(error.text), error.fix === undefined ? {} : { fix: error.fix })
  }
  const detail = lastLine(error.debug)
  const message = withoutPasswords([error.element === '' ? '' : `${error.element}: `, error.text, detail === '' || error.text.includes(detail) ? '' : ` (${detail})`].join(''))
  for (const { pattern, code, fix } of rules) {
    const match = pattern.exec(`${error.text}\n${error.debug}`)
    if (match !== null) return new GoodpartsError(code, message, { fix: typeof fix === 'string' ? fix : fix(match) })
  }
  return new GoodpartsError(error.origin === 'parse' ? 'GOODPARTS_PIPELINE_INVALID' : 'GOODPARTS_CAPTURE_FAILED', message)
}

/** GStreamer's debug text begins with file, line, function and element; what follows on the next lines is for people. */
function lastLine (debug: string): string {
  const lines = debug.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  return lines.length < 2 ? '' : lines.slice(1).join(' ')
}

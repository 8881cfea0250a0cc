/**
 * Elements that custom launch text may use. Everything else is refused: what writes files or the network, what starts programs
 * or loads code, what shows windows. `native-pipelines/README.md` tells how a site adds to them.
 */
import { GoodpartsError } from '../errors.ts'

const allowed = [
  // cameras, files, networks to read from
  'videotestsrc', 'filesrc', 'multifilesrc', 'imagesequencesrc', 'uridecodebin', 'uridecodebin3', 'urisourcebin', 'v4l2src', 'libcamerasrc', 'rtspsrc', 'souphttpsrc',
  'udpsrc', 'tcpclientsrc', 'rtmpsrc', 'rtmp2src', 'srtsrc', 'srtclientsrc', 'hlsdemux', 'dashdemux', 'dvsrc', 'aravissrc', 'pylonsrc', 'nvarguscamerasrc', 'nvv4l2camerasrc', 'tcambin', 'tcamsrc',
  // containers, packets, parsers
  'decodebin', 'decodebin3', 'parsebin', 'typefind', 'qtdemux', 'matroskademux', 'avidemux', 'oggdemux', 'tsdemux', 'flvdemux', 'mpegpsdemux', 'multipartdemux',
  'rtpjitterbuffer', 'rtpbin', 'rtpjpegdepay', 'rtph264depay', 'rtph265depay', 'rtpmp4vdepay', 'rtpvrawdepay', 'rtpvp8depay', 'rtpvp9depay', 'rtpav1depay', 'rtpmp2tdepay',
  'h264parse', 'h265parse', 'jpegparse', 'pngparse', 'av1parse', 'vp9parse', 'mpegvideoparse', 'mpeg4videoparse', 'rawvideoparse', 'videoparse',
  // decoders; encoders only to try what a compression does to a picture
  'jpegdec', 'pngdec', 'webpdec', 'gdkpixbufdec', 'openjpegdec', 'theoradec', 'vp8dec', 'vp9dec', 'av1dec', 'dav1ddec', 'libde265dec', 'openh264dec', 'mpeg2dec', 'jpegenc', 'pngenc',
  // pictures
  'videoconvert', 'videoscale', 'videoconvertscale', 'videorate', 'videocrop', 'aspectratiocrop', 'videobox', 'videoflip', 'videobalance', 'gamma', 'deinterlace', 'imagefreeze', 'bayer2rgb',
  'alpha', 'compositor', 'videomixer', 'gaussianblur', 'videomedian', 'timeoverlay', 'clockoverlay', 'textoverlay',
  'glupload', 'gldownload', 'glcolorconvert', 'glcolorscale', 'vapostproc', 'vaapipostproc', 'nvvidconv', 'nvvideoconvert', 'cudaupload', 'cudadownload', 'cudaconvert', 'cudascale', 'cudaconvertscale',
  // plumbing
  'identity', 'queue', 'queue2', 'multiqueue', 'tee', 'valve', 'capsfilter', 'capssetter', 'input-selector', 'output-selector', 'funnel', 'fakesink', 'clocksync'
]
/** Families of decoders that depend on the machine. */
const families = /^(avdec_[a-z0-9_]+|v4l2[a-z0-9]+dec|va[a-z0-9]+dec|vaapi[a-z0-9]+dec|nv[a-z0-9]+dec|qsv[a-z0-9]+dec|msdk[a-z0-9]+dec|vtdec)$/

const names: ReadonlySet<string> = new Set(allowed)

export function isAllowedElement (factory: string, more: readonly string[] = []): boolean {
  return names.has(factory) || families.test(factory) || more.includes(factory)
}

/** @throws GOODPARTS_PIPELINE_INVALID naming the first that is not allowed. */
export function checkElements (factories: readonly string[], more: readonly string[] = []): void {
  const refused = factories.find((factory) => !isAllowedElement(factory, more))
  if (refused === undefined) return
  const ends = /sink$/.test(refused)
  throw new GoodpartsError('GOODPARTS_PIPELINE_INVALID', `Expected elements that custom launch text may use, got ${refused}`, {
    fix: ends ? 'Leave the sink out: the end of the graph is added' : `If this site needs ${refused}, add it to goodpartsCaptureElements in settings.js`
  })
}

/** What every command says when it ends on an error: the message, its code, and what to do. */
import { GoodpartsError, type ErrorCode } from '../engine/errors.ts'
import { diskFix } from '../engine/file-errors.ts'

/** Where an error itself does not know better. */
const usualFix: Record<ErrorCode, string> = {
  GOODPARTS_ARGUMENT: 'Correct what the message names; the same command with --help lists what it takes.',
  GOODPARTS_FRAME_SIZE: 'Correct the program that made the frame: its memory must hold width x height x channels bytes.',
  GOODPARTS_IMAGE_DECODE: 'Take the file out, or save it again as JPEG or PNG; WebP and TIFF are read too.',
  GOODPARTS_DEPENDENCY_MISSING: 'Run goodparts doctor: it shows what is missing and how to get it.',
  GOODPARTS_PIPELINE_INVALID: 'Correct the pipeline; native-pipelines/README.md says what is allowed.',
  GOODPARTS_PIPELINE_ELEMENT_MISSING: 'Run goodparts doctor: it names the package that holds the element.',
  GOODPARTS_PIPELINE_PARAMETER: 'Correct the parameter; native-pipelines/README.md lists those of each pipeline.',
  GOODPARTS_CAPTURE_FAILED: 'Check the address, the cable and the login, or that the file is a video; goodparts doctor tells whether GStreamer can read its kind.',
  GOODPARTS_CAPTURE_STALLED: 'Check the camera and the network.',
  GOODPARTS_GRAPH_INVALID: 'Export the network again, as one file with its weights inside and operator set 11 or later.',
  GOODPARTS_BUNDLE_INVALID: 'Give a bundle that goodparts fit or a fit node has written; if it is one, take the original again or fit anew.',
  GOODPARTS_BUNDLE_GOLDEN: 'Use --device cpu, or update the driver; do not use what this device says.',
  GOODPARTS_DEVICE_UNAVAILABLE: 'Use --device auto or cpu; docs/devices.md says what the others need.',
  GOODPARTS_INFERENCE_FAILED: 'Check that memory is free, then try again; goodparts doctor tells whether the device computes.',
  GOODPARTS_DEADLINE_PASSED: 'Allow more time, or use a faster bundle.',
  GOODPARTS_QUEUE_FULL: 'Send fewer pictures at once.',
  GOODPARTS_MEMORY_LOW: 'Free memory, or give smaller pictures.',
  GOODPARTS_EXPLANATION_FAILED: 'Try another method with --methods, or another picture.',
  GOODPARTS_FIT_FAILED: 'Free memory, or give fewer or smaller pictures (--size).',
  GOODPARTS_FIT_CANCELLED: 'Start it again; nothing was written.',
  GOODPARTS_TOO_FEW_IMAGES: 'Give more pictures of good parts; 60 are a good beginning.',
  GOODPARTS_DATASET_INVALID: 'Lay it out as docs/datasets.md says: dataset.csv, or train/good and test/<type>; for fit and inspect a folder of pictures is enough.',
  GOODPARTS_SCHEMA_INVALID: 'Correct the file that holds the value; the schemas are in schemas/.',
  GOODPARTS_KAFKA_UNAVAILABLE: 'Check the address, and that the broker runs.',
  GOODPARTS_KAFKA_REJECTED: 'Raise the topic\'s limit on the size of messages.',
  GOODPARTS_SPOOL_FULL: 'Free the disk, or bring the broker back.',
  GOODPARTS_SPOOL_FAILED: 'Check the permissions of the folder and the disk.',
  GOODPARTS_STORE_FAILED: 'Check that the folder is there, that you may write to it, and that the disk has room.',
  GOODPARTS_CLOSED: 'Try again in a few seconds.',
  GOODPARTS_LIVE_FAILED: 'Free the port, or choose another with --live-port.',
  GOODPARTS_PART_GONE: 'Take a newer part; older ones make room.',
  GOODPARTS_NOTHING_TO_TAKE_BACK: 'Nothing needs to be done.',
  GOODPARTS_FORBIDDEN: 'Set what the message names: the folder, the token or TLS.'
}

/** `null` for what is no fault of the person's: a defect, whose trace belongs to be seen. */
export function failureText (error: unknown): string | null {
  const known = error instanceof GoodpartsError ? error : ofFileSystem(error)
  return known === null ? null : `goodparts: ${known.message} (${known.code})\nFix: ${known.fix ?? usualFix[known.code]}\n`
}

function ofFileSystem (error: unknown): GoodpartsError | null {
  if (!(error instanceof Error) || !('syscall' in error)) return null
  const fix = diskFix(error)
  // What goes wrong while an open file is written names no path.
  return new GoodpartsError('GOODPARTS_STORE_FAILED', `Expected ${'path' in error ? String(error.path) : 'the file'} to be a place to read and write, got ${error.message}`, { cause: error, ...fix === null ? {} : { fix } })
}

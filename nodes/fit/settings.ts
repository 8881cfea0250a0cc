/** The form of a fit node and its control messages, checked. Pure. */
import { join } from 'node:path'
import type { Detector } from '../../engine/detectors/detector.ts'
import type { LineFitOptions } from '../../engine/detectors/line-fit.ts'
import { detectorByFamily } from '../../engine/detectors/registry.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import type { BundleMetadata, JsonValue } from '../../schemas/bundle.ts'
import { bundlePath } from '../model/settings.ts'
import { readNumber, readWhole } from '../shared/form-values.ts'

export interface FitForm {
  /** Name of the bundle; empty = that of the model. */
  bundle: string
  detector: string
  /** Good frames to collect. */
  count: string
  /** Seconds between two of them; empty = none. */
  interval?: string
  /** When to begin by itself: `no-bundle`, `always`, `manual`. */
  begin: string
  scale: string
  /** Pixels; empty = chosen. */
  size: string
  /** Images per second that the choice of scale has to keep; empty = any. */
  rate: string
  /** Columns and rows, `3x2`, or `auto`; empty = the picture as a whole. */
  tiles?: string
  /** Of a tile's edge; empty = the usual. */
  overlap?: string
  /** A JSON list of regions; empty = everything. */
  regions?: string
  seed: string
}

const rateOption = 'targetImagesPerSecond'

/** Fewer than these cannot carry a memory and a limit. */
const fewest = 20

/** @throws GOODPARTS_ARGUMENT */
export function readFitForm (form: FitForm, id: string, userFolder: string, modelPath: string | undefined): LineFitOptions {
  const output = form.bundle.trim() === '' && modelPath !== undefined ? modelPath : bundlePath(form.bundle, userFolder)
  const detector = detectorByFamily(form.detector)
  const options = knownTo(detector, {
    scale: form.scale === '' ? 'auto' : form.scale,
    ...(form.size === '' ? {} : { size: readWhole('the size', form.size, { least: 32 }) }),
    ...(form.rate === '' ? {} : { [rateOption]: readNumber('the rate', form.rate) }),
    ...readTiling(form)
  })
  // What is wrong is told now, not after the good parts are collected.
  detector.check(options)
  return {
    hop: `fit/${id}`,
    folder: join(userFolder, 'goodparts', 'training', id),
    count: readWhole('the number of frames', form.count, { least: fewest }),
    intervalMs: form.interval === undefined || form.interval === '' ? 0 : 1000 * readNumber('the interval', form.interval),
    request: { family: detector.family, options, seed: readWhole('the seed', form.seed), output }
  }
}

function readTiling ({ tiles = '', overlap = '', regions = '' }: FitForm): Record<string, JsonValue> {
  return {
    ...(tiles === '' ? {} : { tiles }),
    ...(overlap === '' ? {} : { overlap: readNumber('the overlap', overlap) }),
    ...(regions.trim() === '' ? {} : { regions: parseList(regions) })
  }
}

/** The form offers the same to all families. */
function knownTo ({ defaults }: Detector, options: Record<string, JsonValue>): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(defaults, name)))
}

/** Whether a frame rate is asked of a family that does not go by one. */
export function leavesRateOut ({ rate, detector }: FitForm): boolean {
  return rate !== '' && Number(rate) > 0 && !Object.hasOwn(detectorByFamily(detector).defaults, rateOption)
}

function parseList (text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return text
  }
}

export type FitCommand = 'start' | 'cancel' | 'reset' | { folder: string }

export const folderFix = 'Add the folder to goodpartsFitFolders in settings.js'

/** What a message without a frame asks for. @throws GOODPARTS_ARGUMENT */
export function readFitCommand (msg: { fit?: unknown, payload?: unknown }): FitCommand {
  const { fit, payload } = msg
  if (fit === 'start' || fit === 'cancel' || fit === 'reset') return fit
  if (typeof payload === 'object' && payload !== null && 'folder' in payload && typeof payload.folder === 'string' && payload.folder !== '') return { folder: payload.folder }
  throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected msg.frame to be a frame, msg.fit to be start, cancel or reset, or msg.payload.folder to be a path, got none of them')
}

/** The metadata without its long lists. */
export function summaryOf ({ name, family, createdAt, options, input, map, calibration, training, trials }: BundleMetadata): object {
  const { images, groups, seed, seconds } = training
  return { name, family, createdAt, options, input, map, calibration: { count: calibration.scores.length, heldOutBy: calibration.heldOutBy }, training: { images, groups, seed, seconds }, trials }
}

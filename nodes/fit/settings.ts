/** The form of a fit node and its control messages, checked. Pure. */
import { join } from 'node:path'
import type { Detector } from '../../engine/detectors/detector.ts'
import type { LineFitOptions } from '../../engine/detectors/line-fit.ts'
import { detectorByFamily } from '../../engine/detectors/registry.ts'
import { GoodpartsError } from '../../engine/errors.ts'
import type { BundleMetadata, JsonValue } from '../../schemas/bundle.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { bundlePath, modelNotConfigured } from '../model/settings.ts'
import { readAll } from '../../engine/read-all.ts'
import { readChoice, readNumber, readText, readWhole } from '../shared/form-values.ts'

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

type ChosenModel = Pick<ModelNode, 'bundlePath' | 'formError'>

const rateOption = 'targetImagesPerSecond'

/** Fewer than these cannot carry a memory and a limit. */
const fewest = 20

/** @throws GOODPARTS_ARGUMENT */
export function readFitForm (form: FitForm, id: string, userFolder: string, model: ChosenModel | null): LineFitOptions {
  const { detection, seed, output, begin: _begin, ...collecting } = readAll({
    output: () => readOutput(form.bundle, userFolder, model),
    begin: () => readChoice('when to begin', readText('when to begin', form.begin) === '' ? 'no-bundle' : form.begin, ['no-bundle', 'always', 'manual']),
    detection: () => readDetection(form),
    seed: () => readWhole('the seed', form.seed),
    count: () => readWhole('the number of frames', form.count, { least: fewest }),
    intervalMs: () => isBlank(form.interval) ? 0 : 1000 * readNumber('the interval', form.interval)
  })
  return { hop: `fit/${id}`, folder: join(userFolder, 'goodparts', 'training', id), ...collecting, request: { ...detection, seed, output } }
}

function readOutput (bundle: string, userFolder: string, model: ChosenModel | null): string {
  if (readText('the bundle', bundle) !== '') return bundlePath(bundle, userFolder)
  if (model?.formError !== undefined) throw modelNotConfigured(model.formError)
  if (model?.bundlePath !== undefined) return model.bundlePath
  throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a model node to be chosen, or a bundle file to be named, got neither', { fix: 'Choose a model in the form of the node, and enable it where it is disabled.' })
}

/** What is wrong is told now, not after the good parts are collected. */
function readDetection ({ detector: name, scale, size, rate, tiles, overlap, regions }: FitForm): Pick<LineFitOptions['request'], 'family' | 'options'> {
  const detector = detectorByFamily(name)
  const options = knownTo(detector, {
    scale: isBlank(scale) ? 'auto' : scale,
    ...(isBlank(size) ? {} : { size: numberOrText(size) }),
    ...(isBlank(rate) ? {} : { [rateOption]: numberOrText(rate) }),
    ...(isBlank(tiles) ? {} : { tiles }),
    ...(isBlank(overlap) ? {} : { overlap: numberOrText(overlap) }),
    ...(isBlank(regions) ? {} : { regions: parseList(regions) })
  })
  detector.check(options)
  return { family: detector.family, options }
}

/** A flow file that was written by hand may lack what the form has. */
function isBlank (given: string | undefined | null): given is '' | undefined | null {
  return given === undefined || given === null || (typeof given === 'string' && given.trim() === '')
}

/** A text that is no number is told as what it is. */
function numberOrText (given: string): JsonValue {
  return Number.isNaN(Number(given)) ? given : Number(given)
}

/** The form offers the same to all families. */
function knownTo ({ defaults }: Detector, options: Record<string, JsonValue>): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(defaults, name)))
}

/** Whether a frame rate is asked of a family that does not go by one. */
export function leavesRateOut ({ rate, detector }: FitForm): boolean {
  return rate !== '' && Number(rate) > 0 && !Object.hasOwn(detectorByFamily(detector).defaults, rateOption)
}

/** What is no text is taken as it is. */
function parseList (text: string): JsonValue {
  try {
    return typeof text === 'string' ? JSON.parse(text) as JsonValue : text
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

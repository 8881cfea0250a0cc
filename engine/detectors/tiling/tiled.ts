/**
 * Tiles and regions of interest for any family: it learns from tiles of the good pictures and its graph is put into one that cuts pictures the
 * same way. All tiles share one model. Limits come from scores of whole pictures.
 */
import type { BundleMetadata, JsonValue } from '../../../schemas/bundle.ts'
import { writeBundle } from '../../bundle/bundle.ts'
import { GoodpartsError } from '../../errors.ts'
import { decodeModel } from '../../graph/decode.ts'
import { encodeModel } from '../../graph/encode.ts'
import { readAll } from '../../read-all.ts'
import type { DefectImage, Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { finishBundle } from '../finished-bundle.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit, fewestToCalibrate } from '../hold-out.ts'
import { PicturePool } from '../picture-pool.ts'
import { survey } from '../picture-survey.ts'
import { spread } from '../proxy-choice.ts'
import { boundingBox } from '../../tiling/regions.ts'
import { lookedAt } from '../../tiling/looked-at.ts'
import type { LookedAt } from '../../tiling/looked-at.ts'
import { apart, mostTiles, readTilingOptions, tilingDefaults } from './options.ts'
import type { TilingOptions } from './options.ts'
import { meanInside, tileImages, WholePictures } from './tile-images.ts'
import { automaticCount } from '../../tiling/tile-layout.ts'
import { buildTiledGraph } from './tiled-graph.ts'

/** Tiles that a family learns from, of all pictures together. */
const mostToLearn = 800
/** Bytes of whole pictures that are kept decoded beside the tiles. */
const wholeBudget = 384 * 1024 * 1024
/** Pictures that the colour of what is hidden comes from. */
const picturesForFill = 8
/** Input edge that `tiles: auto` counts with where the family chooses its own. */
const usualEdge = 512

export function tiled (detector: Detector): Detector {
  return {
    ...detector,
    defaults: { ...detector.defaults, ...tilingDefaults as unknown as Record<string, JsonValue> },
    check: (given) => {
      const { ours, others } = apart(given)
      readAll({ tiling: () => { checkLabels(detector, readTilingOptions(ours).tiling) }, family: () => { detector.check(others) } })
    },
    trainedOperators: (given) => detector.trainedOperators?.(apart(given).others) ?? [],
    fit: async (images, given, context) => {
      const { tiling, others } = readTilingOptions(given)
      return tiling.tiles === '1x1' && tiling.regions.length === 0
        ? withOptions(await detector.fit(images, others, context), tiling)
        : fitTiles(detector, images, tiling, others, context)
    }
  }
}

async function fitTiles (detector: Detector, images: readonly GoodImage[], asked: TilingOptions, others: Record<string, JsonValue>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  checkLabels(detector, asked)
  // So nobody waits for the survey of many large pictures to hear of a slip.
  detector.check(others)
  const work = new FitWork(context, new PicturePool(wholeBudget))
  const split = calibrationSplit(images, work.random('calibration'))
  const pictures = await survey(images, work)
  // A label says that something is wrong with a picture, not in which of its tiles: with more than one, a family that can do without learns without.
  const defects = (asked.tiles === '1x1' ? context.defects ?? [] : []).map((defect): GoodImage & DefectImage => ({ ...defect, calibration: false }))
  const learnsDefects = detector.learnsDefects !== undefined && detector.learnsDefects !== 'never'
  const defectPictures = learnsDefects ? await survey(defects, work.under('defects')) : null

  const tiling = { ...asked, tiles: asked.tiles === 'auto' ? automaticTiles(detector, asked, others, pictures.input) : asked.tiles }
  const whole = new WholePictures(work.pool)
  const looked = await withFill(lookedAt(tiling, pictures.input), pictures.input.channels, split.kept, whole)
  const learned = tileImages(split.kept, looked, whole, mostToLearn).map((image) => ({ ...image, calibration: false }))
  // The family's own limits are not used, only asked for: few tiles do.
  const calibrated = tileImages(spread(split.heldOut, 2 * fewestToCalibrate), looked, whole, 1).map((image) => ({ ...image, calibration: true }))
  const inner = await detector.fit([...learned, ...calibrated], others, { ...context, defects: cutDefects(defects, looked, whole) })

  const { family, name, map, options, trials, classNames, training, versions, augmentation } = inner.metadata
  return finishBundle({
    family,
    name: [name, ...tiling.tiles === '1x1' ? [] : [tiling.tiles], ...tiling.regions.length === 0 ? [] : ['regions']].join(' '),
    model: encodeModel(buildTiledGraph(decodeModel(inner.bytes), map, looked)),
    options: { ...options, ...asJson(tiling) },
    split,
    pictures,
    trials,
    begun,
    augmentation,
    lossCurve: training.lossCurve,
    classNames,
    ...(training.defects === undefined || defectPictures === null ? {} : { defects: { images: training.defects.images, imageHashes: defectPictures.hashesOf(defects) } }),
    versions
  }, work)
}

/** Labels say that something is wrong with a picture, not in which of its tiles. */
function checkLabels ({ family, learnsDefects }: Detector, { tiles }: TilingOptions): void {
  if (learnsDefects !== 'required' || tiles === '1x1') return
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected tiles to be 1x1 for ${family}, whose labels are of whole pictures, got ${tiles}`,
    { fix: 'Give regions, a larger size, or a family that learns from good parts alone.' })
}

function automaticTiles (detector: Detector, { overlap, regions }: TilingOptions, others: Record<string, JsonValue>, input: BundleMetadata['input']): string {
  const size = others['size'] ?? detector.defaults['size']
  const edge = typeof size === 'number' ? size : usualEdge
  const [, , width, height] = boundingBox(regions)
  return [width * input.width, height * input.height].map((pixels) => automaticCount(pixels, edge, overlap, mostTiles)).join('x')
}

async function withFill (looked: LookedAt, channels: number, images: readonly GoodImage[], whole: WholePictures): Promise<LookedAt> {
  if (looked.mask === null) return looked
  const means: number[][] = []
  for (const image of spread(images, picturesForFill)) means.push(meanInside(await whole.read(image), looked, channels))
  return { ...looked, fill: looked.fill.map((_, channel) => Math.round(means.reduce((sum, mean) => sum + (mean[channel] as number), 0) / means.length)) }
}

/** Of one tile; with more of them no family that learns from defects comes here. */
function cutDefects (defects: ReadonlyArray<GoodImage & DefectImage>, looked: LookedAt, whole: WholePictures): DefectImage[] {
  return tileImages(defects, looked, whole, 1).map((image, index) => ({ ...image, className: (defects[index] as DefectImage).className }))
}

function withOptions ({ bytes, metadata }: FittedBundle, tiling: TilingOptions): FittedBundle {
  return writeBundle(bytes, { ...metadata, options: { ...metadata.options, ...asJson(tiling) } })
}

function asJson (tiling: TilingOptions): Record<string, JsonValue> {
  return { ...tiling } as unknown as Record<string, JsonValue>
}

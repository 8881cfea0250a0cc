/**
 * Template difference: a part is laid over the template that it looks most like, and is as bad as its pixel that differs most from what good
 * parts show there. The honest baseline wherever parts are all alike, printed boards above all.
 */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { encodeModel } from '../../graph/encode.ts'
import type { Detector, FitContext, FittedBundle, GoodImage } from '../detector.ts'
import { finishBundle } from '../finished-bundle.ts'
import { FitWork } from '../fit-work.ts'
import { calibrationSplit } from '../hold-out.ts'
import { survey } from '../picture-survey.ts'
import { chooseByProxy, spread } from '../proxy-choice.ts'
import type { ProxyCandidate } from '../proxy-choice.ts'
import { templateGeometry } from './geometry.ts'
import type { TemplateGeometry } from './geometry.ts'
import { learnTemplates } from './learn-templates.ts'
import { readTemplateOptions, templateDefaults } from './options.ts'
import type { TemplateOptions } from './options.ts'
import { buildTemplateGraph } from './template-graph.ts'

const family = 'template-difference'

export const templateDifference: Detector = {
  family,
  description: 'Difference from a registered template, in tolerances learned from good parts',
  defaults: { ...templateDefaults },
  check: (given) => { readTemplateOptions(given) },
  fit
}

/** Numbers of templates that `variants: auto` tries, while each has some pictures. */
const variantLadder = [1, 8, 32]
const picturesPerVariant = 2
/** Pictures that templates are made of. */
const mostPictures = 300

async function fit (images: readonly GoodImage[], given: Readonly<Record<string, JsonValue>>, context: FitContext): Promise<FittedBundle> {
  const begun = performance.now()
  const options = readTemplateOptions(given)
  const work = new FitWork(context)
  const split = calibrationSplit(images, work.random('calibration'))
  const pictures = await survey(images, work)
  const geometry = templateGeometry(pictures.input, options)
  const counts = options.variants === 'auto' ? variantLadder.filter((count) => count === 1 || picturesPerVariant * count <= split.kept.length) : [options.variants]
  const { chosen, trials } = await chooseByProxy(counts.map((count) => candidate(count, options, geometry)), split.kept, options.targetImagesPerSecond, work)
  const { height, width, shift } = geometry
  return finishBundle({
    family,
    name: `${family} ${width} × ${height}`,
    model: await chosen.learn(split.kept, work.under('learning')),
    options: { ...options, size: Math.max(height, width), shift, variants: chosen.variants },
    split,
    pictures,
    trials,
    begun
  }, work)
}

function candidate (variants: number, options: TemplateOptions, geometry: TemplateGeometry): ProxyCandidate & { variants: number } {
  const pixels = geometry.height * geometry.width
  return {
    variants,
    layers: 'pixels',
    size: Math.max(geometry.height, geometry.width),
    settings: { variants },
    cost: variants * pixels,
    learn: async (images, work) => encodeModel(buildTemplateGraph(await learnTemplates(geometry, variants, options, spread(images, mostPictures), work), geometry, options.mapSigma))
  }
}

/** Templates of good parts: pictures that look alike are laid over each other, and what they differ by is tolerated. */
import { encodeModel } from '../../graph/encode.ts'
import { openSession } from '../../runtime/onnx-runtime.ts'
import { greedyCoreset } from '../coreset.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { eachAnswer } from '../picture-features.ts'
import type { TemplateGeometry } from './geometry.ts'
import type { TemplateOptions } from './options.ts'
import { buildPlanesGraph, buildRegistrationGraph } from './template-graph.ts'
import type { Templates } from './template-graph.ts'
import { toleranceOf } from './tolerance.ts'
import { VariantMoments } from './variant-moments.ts'

/** Edge of the thumbnails by which the most different pictures are found: small enough to be blind to a shift. */
const thumbnailEdge = 16

export async function learnTemplates (geometry: TemplateGeometry, variants: number, options: Pick<TemplateOptions, 'tolerance' | 'floor' | 'neighbourhood'>, images: readonly GoodImage[], work: FitWork): Promise<Templates> {
  const planes: Uint8Array[] = []
  await eachAnswer(await openSession(encodeModel(buildPlanesGraph(geometry)), { threads: work.threads }), images, 'planes', work, ({ planes: answer }) => {
    planes.push(answer?.data as Uint8Array)
  })
  const seeds = await mostDifferent(planes, geometry, variants)
  const first = await register(joined(seeds.map((index) => planes[index] as Uint8Array)), geometry, images, work.under('first'))
  const second = await register(first.means(), geometry, images, work.under('second'))
  const { height, width } = geometry
  return toleranceOf(second.means(), second.deviations(), { ...options, height, width })
}

/** Lays every picture over its template. */
async function register (templates: Uint8Array, geometry: TemplateGeometry, images: readonly GoodImage[], work: FitWork): Promise<VariantMoments> {
  const moments = new VariantMoments(templates, geometry)
  const session = await openSession(encodeModel(buildRegistrationGraph(templates, geometry)), { threads: work.threads })
  await eachAnswer(session, images, 'registration', work, ({ aligned, valid, variant }) => {
    moments.add(aligned?.data as Float32Array, valid?.data as Float32Array, Number((variant?.data as BigInt64Array)[0]))
  })
  return moments
}

/** Indices of pictures far from each other, the first the most ordinary one. */
async function mostDifferent (planes: readonly Uint8Array[], geometry: TemplateGeometry, count: number): Promise<number[]> {
  const width = thumbnailEdge * thumbnailEdge
  const thumbnails = new Float32Array(planes.length * width)
  planes.forEach((picture, index) => { thumbnails.set(thumbnail(picture, geometry), index * width) })
  const mean = new Float32Array(width)
  thumbnails.forEach((value, index) => { mean[index % width] = (mean[index % width] as number) + value / planes.length })
  const far = planes.map((_, index) => mean.reduce((sum, value, i) => sum + (value - (thumbnails[index * width + i] as number)) ** 2, 0))
  const first = far.indexOf(Math.min(...far))
  return [...await greedyCoreset(thumbnails, width, { count, first })]
}

/** About its mean: averages of blocks, all channels together. */
function thumbnail (picture: Uint8Array, { height, width, channels }: TemplateGeometry): Float32Array {
  const sums = new Float32Array(thumbnailEdge * thumbnailEdge)
  for (let index = 0; index < picture.length; index++) {
    const [x, y] = [index % width, Math.floor(index / width) % height]
    const cell = Math.floor(y * thumbnailEdge / height) * thumbnailEdge + Math.floor(x * thumbnailEdge / width)
    sums[cell] = (sums[cell] as number) + (picture[index] as number)
  }
  const block = height * width * channels / sums.length
  const mean = sums.reduce((sum, value) => sum + value, 0) / sums.length
  return sums.map((value) => (value - mean) / block)
}

function joined (parts: readonly Uint8Array[]): Uint8Array {
  const length = parts[0]?.length ?? 0
  const all = new Uint8Array(parts.length * length)
  parts.forEach((part, index) => { all.set(part, index * length) })
  return all
}

/**
 * Good pictures that look unlike the rest: what a person should look at before anything learns from them. By the distance of each picture to
 * its nearest neighbour among the pictures of other parts, in the averaged features of a frozen network.
 */
import { efficientNetLite0 } from '../backbones/backbone.ts'
import { upperMedian } from '../quantile.ts'
import type { FeatureOptions } from './backbone-features/feature-graph.ts'
import { featureGeometry } from './backbone-features/feature-graph.ts'
import type { GoodImage, Suspect } from './detector.ts'
import type { FitWork } from './fit-work.ts'
import { pooledRows } from './pooled-rows.ts'

const features: FeatureOptions = { backbone: efficientNetLite0, layers: 'three', size: 256, normalisation: 'backbone' }

/** Robust deviations from the median distance from which on a picture is suspect: of one in ten thousand where distances are normal. */
const suspectFrom = 4
/** A median absolute deviation times this is a standard deviation where values are normal. */
const deviationPerMad = 1.4826
const mostListed = 24

/** The most unlike first, all of them suspect; of very few pictures none is. */
export async function findSuspects (images: readonly GoodImage[], work: FitWork): Promise<Suspect[]> {
  const { channels } = featureGeometry(features)
  const rows = standardised(await pooledRows(features, images, work), channels)
  const nearest = nearestOthers(rows, channels, images)
  const known = nearest.map(({ distance }) => distance).filter(Number.isFinite)
  const middle = upperMedian(known)
  const spread = deviationPerMad * upperMedian(known.map((distance) => Math.abs(distance - middle)))
  if (!(spread > 0)) return []
  return images
    .map(({ name }, index) => {
      const { distance, other } = nearest[index] as Nearest
      return { name, deviations: (distance - middle) / spread, nearest: images[other]?.name ?? null }
    })
    .filter(({ deviations }) => Number.isFinite(deviations) && deviations >= suspectFrom)
    .sort((a, b) => b.deviations - a.deviations)
    .slice(0, mostListed)
}

interface Nearest { distance: number, other: number }

/** Pictures of one part are alike whatever is wrong with it: they do not vouch for each other. */
export function nearestOthers (rows: Float32Array, width: number, images: ReadonlyArray<Pick<GoodImage, 'group'>>): Nearest[] {
  return images.map(({ group }, index) => {
    let [least, nearest] = [Infinity, -1]
    for (const [other, { group: otherGroup }] of images.entries()) {
      if (other === index || (group !== null && group === otherGroup)) continue
      let distance = 0
      for (let i = 0; i < width && distance < least; i++) distance += ((rows[index * width + i] as number) - (rows[other * width + i] as number)) ** 2
      if (distance < least) [least, nearest] = [distance, other]
    }
    return { distance: Math.sqrt(least), other: nearest }
  })
}

/** Each feature by its own deviation, so that loud ones do not drown quiet ones. */
function standardised (rows: Float32Array, width: number): Float32Array {
  const n = rows.length / width
  const [means, squares] = [new Float64Array(width), new Float64Array(width)]
  rows.forEach((value, index) => { means[index % width] = (means[index % width] as number) + value / n })
  rows.forEach((value, index) => { squares[index % width] = (squares[index % width] as number) + (value - (means[index % width] as number)) ** 2 / n })
  return rows.map((value, index) => (value - (means[index % width] as number)) / (Math.sqrt(squares[index % width] as number) || 1))
}

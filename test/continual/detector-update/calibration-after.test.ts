import { beforeAll, describe, expect, it } from 'vitest'
import type { ModelBundle } from '../../../engine/bundle/bundle.ts'
import { calibrationAfter, crossFitted, limitsOf, withoutPictures, type CalibrationOfPictures, type Checked } from '../../../engine/continual/detector-update/calibration-after.ts'
import { brightnessBundle } from '../../runtime/brightness-bundle.ts'
import { range } from './products.ts'

const rates = { reviewRate: 0.1, rejectRate: 0.02 }
const scores = range(0, 40).map((index) => 1 + index / 40)
let bundle: ModelBundle
beforeAll(async () => { bundle = await brightnessBundle() })

const knowing = (products: string[], own?: Record<string, number[]>): ModelBundle => ({
  ...bundle,
  metadata: { ...bundle.metadata, options: { ...bundle.metadata.options, products }, calibration: { scores, heldOutBy: 'image', ...(own === undefined ? {} : { products: own }) } }
})
const parts = (product: string, count: number, { before = 1, after = 1, inLot = false, label = 'good' } = {}): Checked[] =>
  range(0, count).map((index) => ({ id: `${product} ${label} ${index} ${inLot}`, label: `${product}/${label}`, before: before + index / 100, after: after * (before + index / 100), inLot, byPerson: true }))
/** The bundle that an update makes of these. */
const saying = ({ products, productPictures, ...common }: CalibrationOfPictures): ModelBundle =>
  ({ ...bundle, metadata: { ...bundle.metadata, options: { products: Object.keys(products) }, calibration: { ...common, products, productPictures, heldOutBy: 'image' } } })

describe('calibration scores after an update', () => {
  it('stay as they are where nothing moved', () => {
    expect(calibrationAfter(knowing(['plate']), parts('plate', 12))).toMatchObject({ scores, products: {} })
  })

  it('spread as remembered parts spread: the limit holds for those that moved most', () => {
    const moved = [...parts('plate', 16, { after: 1 }), ...parts('plate', 8, { after: 1.6 })]
    const after = calibrationAfter(knowing(['plate']), moved)
    expect(after.scores).toHaveLength(scores.length)
    expect(limitsOf(after, 'plate', rates).reject).toBeGreaterThan(1.4 * limitsOf({ scores }, null, rates).reject)
  })

  it('give each of several products limits of its own, and keep them', () => {
    const lot = [...parts('plate', 12), ...parts('tile', 12, { before: 5, inLot: true })]
    const { products, ...common } = calibrationAfter(knowing(['plate']), lot)
    expect(Object.keys(products)).toEqual(['plate', 'tile'])
    expect(products['plate']).toEqual(scores)
    expect(products['tile']).toHaveLength(12)
    const after = { ...common, products }
    expect(limitsOf(after, 'tile', rates).reject).toBeGreaterThan(5)
    expect(limitsOf(after, 'plate', rates).reject).toBeLessThan(2.5)
    expect(limitsOf(after, 'board', rates)).toEqual(limitsOf(common, null, rates))

    const next = calibrationAfter(knowing(['plate', 'tile'], products), [...parts('plate', 12), ...parts('tile', 12, { before: 5, after: 2 })])
    expect(next.products['plate']).toEqual(scores)
    expect(next.products['tile']![0]).toBeCloseTo(2 * products['tile']![0]!, 6)
  })

  it('give a product none from fewer than ten good parts, nor from defects', () => {
    const few = [...parts('plate', 12), ...parts('tile', 9, { before: 5, inLot: true }), ...parts('tile', 9, { before: 9, inLot: true, label: 'crack' })]
    expect(Object.keys(calibrationAfter(knowing(['plate']), few).products)).toEqual(['plate'])
  })

  it('know their pictures while they move, and leave with them', () => {
    const lot = [...parts('plate', 12), ...parts('plate', 3, { before: 9, inLot: true }), ...parts('tile', 12, { before: 5, inLot: true })]
    const taught = saying(calibrationAfter(knowing(['plate']), lot))
    expect(taught.metadata.calibration.pictures!.filter((picture) => picture === null)).toHaveLength(scores.length)
    const next = saying(calibrationAfter(taught, [...parts('plate', 12, { after: 2 }), ...parts('tile', 12, { before: 5, after: 2 })]))
    const { metadata: { calibration } } = withoutPictures(next, new Set(['plate good 1 true', 'tile good 0 true', 'unheard of']))
    expect(calibration.scores).toHaveLength(scores.length + 13)
    expect(calibration.scores.map((score) => Math.round(100 * score)).slice(-2)).toEqual([1800, 1804])
    expect(calibration.products!['plate']!.map((score) => Math.round(100 * score)).slice(-2)).toEqual([1800, 1804])
    expect(calibration.products!['tile']).toHaveLength(11)
    expect(calibration.products!['tile']![0]).toBeCloseTo(10.02, 9)
  })

  it('stay where a bundle does not say which pictures they are of', () => {
    const unknown = knowing(['plate'], { plate: scores })
    expect(withoutPictures(unknown, new Set(['plate good 0 true'])).metadata.calibration).toMatchObject({ scores, products: { plate: scores } })
    const uneven: ModelBundle = { ...unknown, metadata: { ...unknown.metadata, calibration: { ...unknown.metadata.calibration, pictures: ['plate good 0 true'] } } }
    expect(withoutPictures(uneven, new Set(['plate good 0 true'])).metadata.calibration.scores).toEqual(scores)
  })

  it('judge each half of a new product by the limit of the other half', () => {
    const lot = [...parts('plate', 12), ...parts('tile', 20, { before: 5, inLot: true })]
    lot[12]!.after = 50
    const parent = knowing(['plate'])
    const limitOf = crossFitted(parent, lot, calibrationAfter(parent, lot), rates)
    expect(limitOf(lot[12]!)).toBeLessThan(10)
    expect(limitOf(lot[13]!)).toBeGreaterThan(49)
    expect(limitOf(lot[0]!)).toBeLessThan(2.5)
  })
})

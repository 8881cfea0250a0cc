import { expect, it } from 'vitest'
import type { Region } from '../../schemas/inspection.ts'
import { frameOf, regionsText, strongest } from '../../viewer/regions.ts'

const region = (peak: number): Region => ({ box: [0, 0, 8, 8], areaShare: 0.01, peak, zone: null })

it('the five strongest regions are shown, and the others counted', () => {
  const regions = [3, 9, 1, 7, 8, 2, 6].map(region)

  expect(strongest(regions)).toEqual({ shown: [9, 8, 7, 6, 3].map(region), left: 2 })
  expect(regionsText(regions).split('\n')).toHaveLength(6)
  expect(regionsText(regions)).toMatch(/and 2 more$/)
  expect(regionsText([{ ...region(4), zone: 'rim' }])).toBe('rim: 1.00 % of the picture, peak 4.00')
})

it('a frame lies a little around its region, and all of it within the picture', () => {
  const canvas = { width: 100, height: 80 }

  expect(frameOf({ box: [20, 20, 10, 10] }, canvas, { scale: 2, line: 4 })).toEqual([38, 38, 24, 24])
  expect(frameOf({ box: [0, 30, 50, 10] }, canvas, { scale: 2, line: 4 })).toEqual([2, 58, 96, 20])
})

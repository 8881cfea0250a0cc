import { expect, it } from 'vitest'
import { formatTick } from '../../viewer/format.ts'

it.each([[[0, 2.5, 5], ['0.0', '2.5', '5.0']], [[0, 0.25, 0.5], ['0.00', '0.25', '0.50']], [[10, 20], ['10', '20']], [[0.1, 0.2, 0.30000000000000004], ['0.1', '0.2', '0.3']], [[3], ['3']]])('ticks %j read as they are', (splits, shown) => {
  expect(splits.map((value) => formatTick(value, splits))).toEqual(shown)
})

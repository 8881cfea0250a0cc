import { expect, test } from 'vitest'
import { detectorOptions } from '../../cli/detector-options.ts'

test.each([
  ['density', {}, { bankSize: 9 }, /^Expected what density can be told \(--scale, --size, --rate, --tiles, --overlap, --regions, --set\), got --bank$/],
  ['contrastive', {}, { targetImagesPerSecond: 9, scale: 'fine', size: 64 }, /^Expected what contrastive can be told \([^)]*\), got (--rate, --scale|--scale, --rate)$/],
  ['patch-memory', {}, { targetImagesPerSecond: 200_000, size: 7 }, /^Expected --rate to be a number.*, got 200000; Expected --size to be .*, got 7$/],
  ['density', { colour: 'red' }, { bankSize: 9 }, /got --bank; .*got colour$/],
  ['patch-memory', { bankSize: -1 }, {}, /^Expected bankSize to be .*, got -1$/]
])('%s with %j and the flags %j is refused by the names that were typed', (family, set, flagged, message) => {
  expect(() => detectorOptions(family, set, flagged)).toThrow(message)
})

test('what a family can have goes to it under its own name', () => {
  expect(detectorOptions('patch-memory', { mapSigma: 4 }, { targetImagesPerSecond: 5, bankSize: 9, scale: undefined })).toEqual({ mapSigma: 4, targetImagesPerSecond: 5, bankSize: 9 })
})

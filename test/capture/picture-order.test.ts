import { describe, expect, test } from 'vitest'
import { orderPass, type ListedPicture } from '../../engine/capture/picture-order.ts'

const list = (good: number, defective: number): ListedPicture[] => [
  ...Array.from({ length: good }, (_, index) => ({ path: `good/${index}.png`, good: true })),
  ...Array.from({ length: defective }, (_, index) => ({ path: `defect/${index}.png`, good: false }))
]
const plan = { order: 'shuffled' as const, seed: 3, learn: 0, defectShare: null }
const names = (pictures: ListedPicture[]): string[] => pictures.map(({ path }) => path)

describe('a pass through a folder', () => {
  test('by name counts numbers as numbers', () => {
    expect(names(orderPass(list(11, 0), { ...plan, order: 'name' }, 0))).toEqual(Array.from({ length: 11 }, (_, index) => `good/${index}.png`))
  })

  test('shuffled is the same for the same seed, another for the next pass, and always all of them', () => {
    const pictures = list(20, 20)
    const first = names(orderPass(pictures, plan, 0))
    expect(names(orderPass([...pictures].reverse(), plan, 0))).toEqual(first)
    expect(names(orderPass(pictures, plan, 1))).not.toEqual(first)
    expect([...names(orderPass(pictures, plan, 1))].sort()).toEqual([...first].sort())
  })

  test('begins with the good ones to learn from, which later passes leave out', () => {
    const pictures = list(10, 5)
    const first = names(orderPass(pictures, { ...plan, learn: 4 }, 0))
    const second = names(orderPass(pictures, { ...plan, learn: 4 }, 1))
    const learned = ['good/0.png', 'good/1.png', 'good/2.png', 'good/3.png']
    expect(first.slice(0, 4)).toEqual(learned)
    expect(first).toHaveLength(15)
    expect(second).toHaveLength(11)
    expect(second.filter((name) => learned.includes(name))).toEqual([])
  })

  test.each([
    [80, 60, 0.2, 80, 20],
    [80, 5, 0.2, 20, 5],
    [80, 60, 0, 80, 0],
    [80, 60, 1, 0, 60],
    [0, 60, 0.5, 0, 0],
    [80, 0, 0.5, 0, 0]
  ])('of %i good and %i defective has the share %f', (good, defective, defectShare, wantGood, wantDefective) => {
    const pass = orderPass(list(good, defective), { ...plan, defectShare }, 0)
    expect([pass.filter((picture) => picture.good).length, pass.filter((picture) => !picture.good).length]).toEqual([wantGood, wantDefective])
  })
})

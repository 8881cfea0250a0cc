import { describe, expect, it } from 'vitest'
import { isChecked, planUpdates, type LinePicture } from '../../../engine/continual/protocol/update-tasks.ts'
import type { Split } from '../../../engine/evaluation/dataset-entry.ts'

function picture (task: string, part: string, label = 'good', split: Split = 'train'): LinePicture {
  return { id: `/${task}/${part}.png`, label, isGood: label === 'good', product: 'tile', task, partId: part, split }
}

const several = (count: number, make: (index: number) => LinePicture): LinePicture[] => Array.from({ length: count }, (_, index) => make(index))
/** The same eighty tiles in two lights, some of them to test on, and defective ones. */
const pictures = ['e1', 'e2'].flatMap((task) => [
  ...several(80, (index) => picture(task, `good ${index}`)),
  ...several(20, (index) => picture(task, `test ${index}`, 'good', 'test')),
  ...several(30, (index) => picture(task, `crack ${index}`, 'crack', 'test'))
])
const shared = (first: ReadonlySet<string>, second: ReadonlySet<string>): string[] => [...first].filter((part) => second.has(part))
const parts = (own: readonly LinePicture[]): Set<string> => new Set(own.map(({ partId }) => partId))

describe('the plan of a line’s updates', () => {
  const tasks = planUpdates(pictures, { labels: 25, defects: 8 }, 3)
  const [first, second] = [tasks[0]!, tasks[1]!]

  it('fits on parts that no update keeps to check, and calibrates on others than are confirmed', () => {
    expect(first.fitted.some(isChecked)).toBe(false)
    const confirmed = first.labelled.filter(({ isGood }) => isGood)
    expect([...first.calibration, ...confirmed].every(isChecked)).toBe(true)
    expect(shared(parts(first.calibration), parts(confirmed))).toEqual([])
    expect(first.fitted.length + first.calibration.length + confirmed.length).toBe(80)
    expect(confirmed.length).toBeGreaterThanOrEqual(10)
  })

  it('labels as many of a later task as were asked for, and fits nothing of it', () => {
    expect(second.labelled.filter(({ isGood }) => isGood)).toHaveLength(25)
    expect(second.labelled.filter(({ isGood }) => !isGood)).toHaveLength(8)
    expect([...second.fitted, ...second.calibration]).toEqual([])
  })

  it('tests on no part that was fitted or labelled, in whatever light', () => {
    const tested = parts(tasks.flatMap(({ test }) => test))
    expect(shared(tested, parts(tasks.flatMap(({ fitted, calibration, labelled }) => [...fitted, ...calibration, ...labelled])))).toEqual([])
    expect(first.test).toHaveLength(20 + 15)
  })

  it('deals out what its author has not split, where good parts are few for calibration and confirmation both', () => {
    const stream = ['period 1', 'period 2'].flatMap((task) => several(40, (index) => picture(task, `${task} ${index}`, 'good', 'stream')))
    const [begin, next] = planUpdates(stream, { labels: 60, defects: 8 }, 0)
    const confirmed = begin!.labelled
    expect(begin!.fitted.length + begin!.calibration.length + begin!.test.length).toBe(40)
    expect(confirmed.length).toBeGreaterThanOrEqual(10)
    expect(parts(confirmed)).toEqual(parts(begin!.calibration))
    expect(next!.labelled.length + next!.test.length).toBe(40)
  })

  it('refuses a single task', () => {
    expect(() => planUpdates(pictures.filter(({ task }) => task === 'e1'), { labels: 5, defects: 5 }, 0)).toThrow(/at least two tasks.*got e1/)
  })
})

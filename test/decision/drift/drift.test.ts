import { describe, expect, it } from 'vitest'
import { ControlChart } from '../../../engine/decision/drift/control-chart.ts'
import { DriftMonitor, type DriftAlarm } from '../../../engine/decision/drift/drift-monitor.ts'
import { imageStatistics, measurePicture, profileShift } from '../../../engine/decision/drift/image-statistics.ts'
import { ScoreMartingale } from '../../../engine/decision/drift/score-martingale.ts'
import { twoSampleTest } from '../../../engine/decision/drift/two-sample-test.ts'
import type { RawImage } from '../../../engine/frame/image-codec.ts'
import { normal, seededRandom, type Random } from '../../../engine/random.ts'

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const normals = (count: number, random: Random, mean = 0): number[] => Array.from({ length: count }, () => mean + normal(random))

describe('the score martingale', () => {
  /** Parts until it alarms, at most `parts`; Infinity without. */
  const delay = (seed: number, options: { rate: number, parts: number, change?: number, shift?: number, round?: number }): number => {
    const random = seededRandom(seed)
    const rounded = (value: number): number => options.round === undefined ? value : Math.round(value * options.round) / options.round
    const martingale = new ScoreMartingale(normals(50, random).map(rounded), options.rate, random)
    for (let part = 0; part < options.parts; part++) {
      martingale.observe(rounded(normal(random) + (part >= (options.change ?? Infinity) ? options.shift ?? 0 : 0)))
      if (martingale.alarming) return part + 1
    }
    return Infinity
  }

  it.each([undefined, 2])('alarms falsely in no larger share of streams than it promises, scores rounded to %s', (round) => {
    // With rate 0.1 and 400 streams, more than 56 would have a probability below 0.5 %.
    const alarms = Array.from({ length: 400 }, (_, seed) => delay(seed, { rate: 0.1, parts: 500, ...(round === undefined ? {} : { round }) })).filter(Number.isFinite).length
    expect(alarms).toBeLessThanOrEqual(56)
    expect(alarms).toBeGreaterThan(0)
  })

  it.each([[0, 2, 40], [300, 2, 60], [0, 1, 250]])('finds, %i parts on, a shift by %d deviations within %i parts, mostly', (change, shift, within) => {
    const delays = Array.from({ length: 40 }, (_, seed) => delay(seed, { rate: 0.01, parts: change + 1000, change, shift }) - change).sort((a, b) => a - b)
    expect(delays[30]).toBeLessThanOrEqual(within)
  })

  it('gives p-values that are uniform while nothing changes', () => {
    const random = seededRandom(5)
    const martingale = new ScoreMartingale(normals(30, random), 0.01, random)
    const values = normals(2000, random).map((score) => martingale.observe(score)).sort((a, b) => a - b)
    // Kolmogorov and Smirnov's 99.9 % point.
    expect(Math.max(...values.map((p, i) => Math.abs(p - (i + 0.5) / 2000)))).toBeLessThan(1.95 / Math.sqrt(2000))
  })
})

describe('a control chart', () => {
  it('seldom alarms while nothing changes, and soon after a change', () => {
    const runs = Array.from({ length: 100 }, (_, seed) => {
      const random = seededRandom(seed)
      const chart = new ControlChart()
      let steady = false
      for (let i = 0; i < 1000; i++) {
        chart.observe(normal(random))
        steady ||= chart.alarming
      }
      let after = 0
      while (!chart.alarming && after < 500) {
        chart.observe(normal(random) + 2)
        after++
      }
      return { steady, after }
    })
    expect(runs.filter(({ steady }) => steady).length).toBeLessThanOrEqual(3)
    expect(runs.map(({ after }) => after).sort((a, b) => a - b)[90]).toBeLessThanOrEqual(20)
  })

  it('takes a value that never moved for one that may move a little', () => {
    const chart = new ControlChart({ baseline: 10, smallestDeviation: 0.5 })
    for (let i = 0; i < 10; i++) chart.observe(7)
    for (let i = 0; i < 50; i++) chart.observe(7.2)
    expect(chart.alarming).toBe(false)
    for (let i = 0; i < 50; i++) chart.observe(9)
    expect(chart.alarming).toBe(true)
  })
})

interface Look { brighter?: number, blur?: boolean, moved?: number, redder?: number }

/** A part under grain; `moved` pixels to the right. */
function picture (random: Random, { brighter = 0, blur = false, moved = 0, redder = 0 }: Look = {}): RawImage {
  const [width, height] = [160, 120]
  const value = (x: number, y: number): number => 110 + 40 * Math.sin((x - moved) / 5) + 30 * Math.sin(y / 7) + ((x - moved) > 60 && (x - moved) < 90 ? 35 : 0)
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const grain = 5 * normal(random)
      const soft = blur ? (value(x - 2, y) + value(x + 2, y) + value(x, y - 2) + value(x, y + 2)) / 4 + grain / 3 : value(x, y) + grain
      for (let channel = 0; channel < 3; channel++) data[(y * width + x) * 3 + channel] = Math.min(255, Math.max(0, soft + brighter + (channel === 0 ? redder : channel === 2 ? -redder : 0)))
    }
  }
  return { data, width, height, channels: 3 }
}

describe('image statistics', () => {
  it('are those of the picture', () => {
    const data = Uint8Array.from({ length: 40 * 30 }, (_, i) => i % 40 < 20 ? 100 : 200)
    const { brightness, contrast, colour } = imageStatistics({ data, width: 40, height: 30, channels: 1 })
    expect(brightness).toBeCloseTo(150, 6)
    expect(contrast).toBeCloseTo(50, 6)
    expect(colour).toBe(0)
  })

  it.each([-5, -1.5, 0, 2, 4.5])('find a movement by %d pixels', (moved) => {
    const random = seededRandom(1)
    const reference = imageStatistics(picture(random)).profiles
    const { columns, rows } = imageStatistics(picture(random, { moved })).profiles
    expect(Math.abs(profileShift(reference.columns, columns) - moved)).toBeLessThan(0.3)
    expect(Math.abs(profileShift(reference.rows, rows))).toBeLessThan(0.3)
  })

  it('fall in focus when the picture blurs, and not when it darkens', () => {
    const random = seededRandom(2)
    const [sharp, soft, dark] = [{}, { blur: true }, { brighter: -30 }].map((look) => imageStatistics(picture(random, look)).focus) as [number, number, number]
    expect(soft).toBeLessThan(0.7 * sharp)
    expect(dark).toBeGreaterThan(0.9 * sharp)
  })
})

describe('the two-sample test', () => {
  const vectors = (count: number, random: Random, shift: number): Float32Array[] => Array.from({ length: count }, () => Float32Array.from({ length: 6 }, () => shift + normal(random)))

  it('rejects without a difference in no larger share than its level', () => {
    const rejected = Array.from({ length: 200 }, (_, seed) => {
      const random = seededRandom(seed)
      return twoSampleTest(vectors(15, random, 0), vectors(10, random, 0), random, 99).pValue <= 0.1
    }).filter(Boolean).length
    // Binomial(200, 0.1): above 32 with a probability below 0.5 %.
    expect(rejected).toBeLessThanOrEqual(32)
  })

  it('is the unbiased squared discrepancy under the kernel of the median distance', () => {
    const [a, b] = [[0, 1], [3, 5, 9]]
    const all = [...a, ...b]
    const distances = all.flatMap((x, i) => all.slice(i + 1).map((y) => (x - y) ** 2)).sort((x, y) => x - y)
    const width = distances[5] as number
    const meanKernel = (pairs: number[][]): number => pairs.reduce((sum, [x, y]) => sum + Math.exp(-(((x as number) - (y as number)) ** 2) / width), 0) / pairs.length
    const pairs = (values: number[]): number[][] => values.flatMap((x, i) => values.filter((_, j) => j !== i).map((y) => [x, y]))
    const expected = meanKernel(pairs(a)) + meanKernel(pairs(b)) - 2 * meanKernel(a.flatMap((x) => b.map((y) => [x, y])))
    expect(twoSampleTest(a.map((x) => Float32Array.of(x)), b.map((x) => Float32Array.of(x)), seededRandom(1)).discrepancy).toBeCloseTo(expected, 12)
  })

  it('finds a difference', () => {
    const random = seededRandom(1)
    const { pValue, discrepancy } = twoSampleTest(vectors(30, random, 0), vectors(30, random, 0.8), random)
    expect(pValue).toBe(1 / 200)
    expect(discrepancy).toBeGreaterThan(0.02)
  })

  it('asks for two on each side', () => {
    expect(() => twoSampleTest([Float32Array.of(1)], vectors(3, seededRandom(1), 0), seededRandom(1))).toThrow(/got 1 and 3/)
  })
})

describe('the drift monitor', () => {
  const chart = { baseline: 40 }
  const monitor = (): DriftMonitor => new DriftMonitor({ calibrationScores: normals(60, seededRandom(9)), falseAlarmRate: 0.001, seed: 1, chart })

  const watch = (watched: DriftMonitor, seed: number, count: number, look: Look = {}, score = 0): DriftAlarm[] => {
    const random = seededRandom(seed)
    return Array.from({ length: count }, () => [...watched.observePicture(measurePicture(picture(random, look), watched.reference)), ...watched.observeScore(score + normal(random))]).flat()
  }

  it('stays silent while nothing changes', () => {
    const watched = monitor()
    expect(watch(watched, 1, 150)).toEqual([])
    expect(watched.inDrift).toBe(false)
  })

  it.each<[string, Look]>([['brightness', { brighter: 6 }], ['focus', { blur: true }], ['shift', { moved: 2 }], ['colour', { redder: 4 }]])('names %s, and sends to the camera', (signal, look) => {
    const watched = monitor()
    watch(watched, 2, 60)
    const alarms = watch(watched, 3, 30, look)
    expect(alarms.map((alarm) => alarm.signal)).toContain(signal)
    expect(alarms.every(({ advice }) => advice === 'check-camera')).toBe(true)
    expect(alarms.find((alarm) => alarm.signal === signal)!.text).toMatch(/usually .*: see to/)
    expect(watched.inDrift).toBe(true)
  })

  it('asks for labels when scores drift and the picture does not', () => {
    const watched = monitor()
    watch(watched, 4, 60)
    const alarms = watch(watched, 5, 60, {}, 2.5)
    expect(alarms).toEqual([{ signal: 'scores', signals: ['scores'], advice: 'label-lot', text: expect.stringMatching(/label a lot/) as string }])
  })

  const window = { pValue: 0.001, alarming: true }

  it('tells another look of the parts from another picture, and says what to do by all that stands', () => {
    const watched = monitor()
    watch(watched, 4, 60)
    expect(watched.observeWindow({ pValue: 0.001, alarming: false })).toEqual([])
    expect(watched.state).toBeNull()
    expect(watched.observeWindow(window)).toEqual([{ signal: 'embedding', signals: ['embedding'], advice: 'update', text: expect.stringMatching(/then update/) as string }])
    expect(watched.observeWindow(window)).toEqual([])
    expect(watch(watched, 5, 60, {}, 2.5)).toEqual([{ signal: 'scores', signals: ['embedding', 'scores'], advice: 'update-or-fit', text: expect.stringMatching(/bundle is that of this product/) as string }])
    expect(watch(watched, 6, 30, { brighter: 6 })[0]).toMatchObject({ signal: 'brightness', signals: ['embedding', 'scores', 'brightness'], advice: 'check-camera' })
    expect(watched.state).toMatchObject({ advice: 'check-camera' })
    watched.reset()
    expect(watched.state).toBeNull()
  })

  it('sends to the camera when the picture changed before parts looked different', () => {
    const watched = monitor()
    watch(watched, 2, 60)
    watch(watched, 3, 30, { brighter: 6 })
    expect(watched.observeWindow(window)).toEqual([{ signal: 'embedding', signals: expect.arrayContaining(['brightness', 'embedding']) as string[], advice: 'check-camera', text: expect.stringMatching(/camera and the light first/) as string }])
  })

  it('tells each signal once, until it is reset', () => {
    const watched = monitor()
    watch(watched, 6, 60)
    expect(watch(watched, 7, 60, {}, 3).map(({ signal }) => signal)).toEqual(['scores'])
    watched.reset({ calibrationScores: normals(60, seededRandom(10), 3) })
    expect(watched.inDrift).toBe(false)
    expect(watch(watched, 8, 100, {}, 3)).toEqual([])
  })

  describe('with products that score apart', () => {
    const productScores = { plate: normals(60, seededRandom(11)), tile: normals(60, seededRandom(12), 5) }
    const apart = (seed: number): DriftMonitor => new DriftMonitor({ calibrationScores: [...productScores.plate, ...productScores.tile], productScores, falseAlarmRate: 0.001, seed, chart })
    /** Scores of a run of one product. */
    const run = (watched: DriftMonitor, seed: number, count: number, product: string | null, mean: number): string[] =>
      normals(count, seededRandom(seed), mean).flatMap((score) => watched.observeScore(score, product).map(({ signal }) => signal))

    it('says nothing of a run of one of them, also after a reset', () => {
      for (const seed of range(5)) {
        const watched = apart(seed)
        expect(run(watched, 20 + seed, 300, 'tile', 5)).toEqual([])
        watched.reset()
        expect(run(watched, 30 + seed, 300, 'plate', 0)).toEqual([])
      }
    })

    it('finds where one of them drifts to what is usual of the other, and where one that has no limits of its own does', () => {
      for (const seed of range(5)) {
        expect(run(apart(seed), 40 + seed, 100, 'plate', 5)).toEqual(['scores'])
        expect(run(apart(seed), 50 + seed, 100, 'lid', 9)).toEqual(['scores'])
        expect(run(apart(seed), 60 + seed, 100, null, 9)).toEqual(['scores'])
      }
    })

    it('compares after a reset with the scores of the last bundle', () => {
      const watched = apart(1)
      watched.reset({ calibrationScores: normals(60, seededRandom(13), 20) })
      watched.reset()
      expect(run(watched, 70, 100, 'tile', 20)).toEqual([])
    })
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LabelledPicture } from '../../../engine/continual/protocol/embedded-pictures.ts'
import { FeatureFile } from '../../../engine/continual/protocol/feature-file.ts'
import { protocolByName } from '../../../engine/continual/protocol/protocols.ts'
import { planTasks } from '../../../engine/continual/protocol/task-plan.ts'

const picture = (id: string, product: string, label = 'good', group: string | null = null): LabelledPicture =>
  ({ id, label: `${product}/${label}`, product, task: product, group, part: null, bytes: 1, read: () => Promise.reject(new Error('not read')) })

const embedded = (pictures: readonly LabelledPicture[]): Parameters<typeof planTasks>[0] => pictures.map((item) => ({ ...item, features: Float32Array.of(1) }))

describe('the protocol of lighting', () => {
  const pictures = Array.from({ length: 40 }, (_, tile) => ['e2', 'e10', 'e1', ...(tile < 3 ? ['e0'] : [])].map((exposure) => picture(`/set/t${tile}_${exposure}_x.jpg`, 'tile', 'good', `t${tile}`))).flat()

  it('takes one exposure after the other, by number, a stray one with the next', () => {
    const tasks = planTasks(embedded(protocolByName('lighting').arrange(pictures)), { classesPerTask: null, shuffleClasses: false }, 0)
    expect(tasks.map(({ name, train, test }) => [name, train.length + test.length])).toEqual([['e1', 43], ['e2', 40], ['e10', 40]])
  })

  it('never trains on a part that it tests on, in whatever light', () => {
    const tasks = planTasks(embedded(protocolByName('lighting').arrange(pictures)), { classesPerTask: null, shuffleClasses: false }, 1)
    const parts = (side: 'train' | 'test'): Set<string | null> => new Set(tasks.flatMap((task) => task[side].map(({ group }) => group)))
    expect([...parts('train')].filter((part) => parts('test').has(part))).toEqual([])
    expect(parts('test').size).toBe(12)
  })

  it('refuses names that do not tell', () => {
    expect(() => protocolByName('lighting').arrange([picture('/set/a.png', 'tile')])).toThrow(/exposure such as _e1_, got a\.png/)
  })
})

describe('the protocol of wear', () => {
  it('cuts the time of each product into six periods', () => {
    const pictures = ['left', 'right'].flatMap((product) => Array.from({ length: 12 }, (_, time) => picture(`/${product}/${String(11 - time).padStart(2, '0')}.png`, product)))
    const arranged = protocolByName('wear').arrange(pictures)
    const first = arranged.filter(({ task }) => task === 'period 1').map(({ id }) => id)
    expect(first).toEqual(['/left/00.png', '/left/01.png', '/right/00.png', '/right/01.png'])
    expect(new Set(arranged.map(({ task }) => task)).size).toBe(6)
  })
})

it('another protocol is refused', () => {
  expect(() => protocolByName('weather')).toThrow(/one of products, lighting, wear, got weather/)
})

describe('a file of features', () => {
  let folder: string
  beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-features-')) })
  afterAll(() => { rmSync(folder, { recursive: true }) })

  it('gives back what was kept, of the same kind alone', () => {
    const path = join(folder, 'features.json')
    const file = new FeatureFile(path, 'net, 64 pixels')
    file.add('a', Float32Array.of(1.5, -2))
    file.save()
    expect(new FeatureFile(path, 'net, 64 pixels').of('a')).toEqual(Float32Array.of(1.5, -2))
    expect(new FeatureFile(path, 'net, 224 pixels').of('a')).toBeUndefined()
  })

  it('refuses another file instead of writing over it', () => {
    const path = join(folder, 'notes.json')
    writeFileSync(path, '{}')
    expect(() => new FeatureFile(path, 'net')).toThrow(/features in .*got another file/)
    writeFileSync(path, 'notes')
    expect(() => new FeatureFile(path, 'net')).toThrow(/GOODPARTS_DATASET_INVALID|features in/)
  })
})

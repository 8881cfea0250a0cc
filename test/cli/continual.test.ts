import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { validate } from '../../engine/schema-validation.ts'
import type { ContinualReport } from '../../schemas/continual.ts'
import { writeTexturedPlates } from '../evaluation/textured-plates.ts'
import { runGoodparts } from './run-goodparts.ts'

// Fits and updates share the machine with the other tests.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let folder: string
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-continual-test-')) })
afterAll(() => { rmSync(folder, { recursive: true }) })

describe('goodparts continual on two products', () => {
  let report: ContinualReport
  let stdout: string
  let page: string

  beforeAll(async () => {
    const products = ['first', 'second'].map((name) => join(folder, name))
    for (const [index, product] of products.entries()) await writeTexturedPlates(product, { train: 20, good: 10, defective: 20, edge: 64, seed: index + 1 })
    const [json, html] = [join(folder, 'report.json'), join(folder, 'report.html')]
    const result = await runGoodparts(['continual', ...products, '--policies', 'snnl-preserving,reservoir', '--memory', '8,16', '--noise', '0.1', '--seeds', '2', '--size', '64', '--json', json, '--report', html])
    expect(result).toMatchObject({ code: 0 })
    report = validate('continual', JSON.parse(readFileSync(json, 'utf8')))
    stdout = result.stdout
    page = readFileSync(html, 'utf8')
  })

  it('takes each product as a task, and seven tenths of its parts to train on', () => {
    expect(report.tasks).toEqual(['first', 'second'].map((product) => ({ name: product, classes: [`${product}/good`, `${product}/scratch`], train: 35, test: 15 })))
  })

  it('compares each policy and memory with class-balanced selection', () => {
    const accuracies = report.policies.filter(({ metric }) => metric === 'accuracy')
    expect(accuracies.map(({ policy, memory, noise }) => [policy, memory, noise])).toEqual([8, 16].flatMap((memory) => ['class-balanced', 'snnl-preserving', 'reservoir'].map((policy) => [policy, memory, 0.1])))
    for (const { differenceToClassBalanced: { mean, low, high, seeds } } of accuracies) {
      expect(seeds).toBe(2)
      expect(low).toBeLessThanOrEqual(mean)
      expect(high).toBeGreaterThanOrEqual(mean)
    }
    expect(accuracies[0]!.differenceToClassBalanced).toEqual({ mean: 0, low: 0, high: 0, wins: 0, seeds: 2 })
    const of = (policy: string): number => accuracies.find((figure) => figure.policy === policy && figure.memory === 16)!.mean
    expect(accuracies.find((figure) => figure.policy === 'reservoir' && figure.memory === 16)!.differenceToClassBalanced.mean).toBeCloseTo(of('reservoir') - of('class-balanced'), 12)
  })

  it('gives AUROC where there are good parts, and the bounds', () => {
    expect(report.policies.some(({ metric }) => metric === 'oldAuroc')).toBe(true)
    expect(report.offline.auroc).toBeGreaterThan(0.7)
    expect(report.offline.mean).toBeGreaterThan(report.finetune)
  })

  it('gives the bytes of what is kept, in megabytes where people read them', () => {
    const of = (memory: number): number => report.policies.find((figure) => figure.metric === 'memoryBytes' && figure.memory === memory && figure.policy === 'reservoir')!.mean
    expect(of(8)).toBeGreaterThan(0)
    expect(of(16)).toBeGreaterThan(of(8))
    expect(stdout).toMatch(/^policy .*memory MB/m)
    expect(page).toContain('>memory MB</th>')
    expect(page).toContain(`>${(of(16) / 1e6).toFixed(2)}</td>`)
  })

  it('gives forward transfer above random initial weights: a head that grows says nothing of classes to come', () => {
    const found = report.policies.filter(({ metric }) => metric === 'forwardTransfer').map(({ mean }) => mean)
    expect(found).toHaveLength(6)
    for (const value of [...found, ...report.heads.flatMap(({ heads }) => heads.map(({ forwardTransfer }) => forwardTransfer))]) expect(value).toBeCloseTo(-1 / 4, 12)
    expect(stdout).toMatch(/^policy .*AAA +forgetting +BWT +FWT/m)
    expect(page).toContain('>FWT</th>')
  })

  it('compares heads on the first policy’s memory with offline training, task by task', () => {
    expect(report.heads.map(({ policy, memory, metric }) => [policy, memory, metric])).toEqual([8, 16].map((memory) => ['snnl-preserving', memory, 'auroc']))
    for (const { heads, bestOffline, steps } of report.heads) {
      expect(heads.map(({ head }) => head)).toEqual(['lda', 'softmax', 'class-means', 'ensemble', 'committee', 'scr'])
      expect(steps.map(({ task }) => task)).toEqual(['first', 'second'])
      for (const { auroc, offline, differenceToOwnOffline, differenceToBestOffline, steps: own } of heads) {
        expect(own[1]!.auroc).toBeCloseTo(auroc!, 12)
        expect(own[0]!.oldAuroc).toBeNull()
        expect(differenceToOwnOffline.mean).toBeCloseTo(auroc! - offline.auroc!, 12)
        expect(differenceToBestOffline.mean).toBeCloseTo(auroc! - bestOffline.auroc!, 12)
      }
    }
    expect(stdout).toMatch(/^lda \(default\)\s+0\.\d{3}/m)
  })

  it('prints and draws the same figures', () => {
    expect(stdout).toContain('10 % of the training labels wrong')
    expect(stdout).toMatch(/^snnl-preserving\s+0\.\d{3}.*\(\d\/2\)$/m)
    const { mean } = report.policies.find(({ policy, memory, metric }) => policy === 'snnl-preserving' && memory === 8 && metric === 'accuracy')!
    expect(page).toContain(mean.toFixed(3))
    expect(page).toContain('<svg')
  })
})

describe('goodparts continual', () => {
  it('says which policies there are', async () => {
    const { code, stderr } = await runGoodparts(['continual', folder, '--policies', 'best'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/one of snnl-preserving, herding.*got best/)
  })

  it('learns Split Fashion-MNIST and forgets it without a memory', async (context) => {
    if (!existsSync('/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz')) {
      context.skip('needs the Debian package dataset-fashion-mnist')
      return
    }
    const { code, stdout, stderr } = await runGoodparts(['continual', 'fashion-mnist', '--head', 'none', '--policies', 'snnl-low', '--memory', '100', '--seeds', '2', '--train', '1600', '--test', '400', '--size', '32', '--json', '-'])
    expect(code, stderr).toBe(0)
    const report = validate('continual', JSON.parse(stdout))
    expect(report.tasks).toHaveLength(5)
    const accuracy = (policy: string): number => report.policies.find((figure) => figure.policy === policy && figure.metric === 'accuracy')!.mean
    expect(accuracy('class-balanced')).toBeGreaterThan(accuracy('snnl-low') + 0.03)
    expect(report.finetune).toBeLessThan(0.5)
    expect(report.offline.mean).toBeGreaterThan(accuracy('class-balanced'))
  })

  it('learns Split Fashion-MNIST with a network from scratch, with known figures: lowest SNNL far behind, only the last task without a memory', async (context) => {
    if (!existsSync('/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz')) {
      context.skip('needs the Debian package dataset-fashion-mnist')
      return
    }
    const { code, stdout, stderr } = await runGoodparts(['continual', 'fashion-mnist', '--from-scratch', '--policies', 'snnl-low', '--memory', '200', '--seeds', '1', '--train', '2500', '--test', '500', '--json', '-'])
    expect(code, stderr).toBe(0)
    const report = validate('continual', JSON.parse(stdout))
    expect(report).toMatchObject({ features: { backbone: 'none', size: 28, numbers: 784 }, streamingLda: null, heads: [] })
    const figure = (policy: string, metric: string): number => report.policies.find((found) => found.policy === policy && found.metric === metric)!.mean
    for (const metric of ['accuracy', 'accuracyBeforeReview', 'classMeanAccuracy']) expect(figure('class-balanced', metric), metric).toBeGreaterThan(figure('snnl-low', metric) + 0.03)
    expect(report.finetune).toBeGreaterThan(0.17)
    expect(report.finetune).toBeLessThan(0.24)
    expect(report.offline.mean).toBeGreaterThan(report.finetune)
  })

  it('trains a network from scratch on the types of a product, and shows what it found', async () => {
    const product = join(folder, 'scratch')
    await writeTexturedPlates(product, { train: 10, good: 10, defective: 10, edge: 64, seed: 4 })
    const html = join(folder, 'scratch.html')
    const { code, stdout, stderr } = await runGoodparts(['continual', product, '--from-scratch', '--classes-per-task', '1', '--policies', 'reservoir', '--memory', '6', '--seeds', '1', '--size', '16', '--report', html])
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^policy +accuracy +before review +class means/m)
    expect(stdout).not.toContain('streaming LDA')
    expect(readFileSync(html, 'utf8')).toContain('>before review</th>')
  })

  it.each([
    [['--from-scratch', '--head', 'lda'], /--from-scratch.*cannot be used with.*--head/],
    [['--from-scratch', '--detector', 'patch-memory'], /--from-scratch.*cannot be used with.*--detector/],
    [['--size', '16'], /--size to be 32 or more, got 16/]
  ])('refuses %j', async (more, said) => {
    const { code, stderr } = await runGoodparts(['continual', folder, ...more])
    expect(code).toBe(1)
    expect(stderr).toMatch(said)
  })
})

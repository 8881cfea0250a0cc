import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { LineFit } from '../../engine/detectors/line-fit.ts'
import type { LineFitProgress } from '../../engine/detectors/line-fit.ts'
import { encodePng } from '../../engine/frame/image-codec.ts'
import { goodPart } from './good-parts.ts'

it('says that it cannot collect into a folder which nobody can make', async () => {
  const fit = new LineFit({ hop: 'fit/nowhere', folder: '/proc/goodparts/training', count: 2, request: { family: 'patch-memory', options: {}, seed: 0, output: '/proc/goodparts/bundle.onnx' } })
  try {
    await expect(fit.start()).rejects.toMatchObject({ code: 'ENOENT' })
  } finally {
    await fit.close()
  }
})

it('tells the loss of a training, and what is tried', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'goodparts-line-fit-'))
  const images = Array.from({ length: 24 }, (_, index) => ({ path: join(folder, `${index + 10}.png`), group: null, calibration: false }))
  for (const [index, { path }] of images.entries()) await writeFile(path, await encodePng(goodPart(index), 1))
  const told = async (family: string, options: Record<string, number | string>): Promise<LineFitProgress[]> => {
    const fit = new LineFit({ hop: `fit/${family}`, folder: join(folder, 'line'), count: 24, request: { family, options, seed: 0, output: join(folder, 'bundle.onnx') } })
    try {
      const reports: LineFitProgress[] = []
      fit.on('progress', (progress) => reports.push(progress))
      await new Promise((resolve, reject) => {
        fit.on('ready', resolve)
        fit.on('failed', reject)
        fit.learn(images)
      })
      return reports
    } finally {
      await fit.close()
    }
  }
  try {
    const trained = (await told('reconstruction', { size: 64, batch: 2, steps: 60 })).filter(({ loss }) => loss !== undefined)
    expect(trained.length).toBeGreaterThan(1)
    expect(trained[0]).toMatchObject({ stage: 'learning: training', loss: expect.any(Number) as number, text: expect.stringMatching(/, loss [\d.]+$/) as string })
    const tried = await told('density', { scale: 'auto', size: 64, channels: 8 })
    expect(tried.findLast(({ trials }) => trials !== undefined)?.trials?.map(({ layers }) => layers)).toEqual(['fine', 'standard'])
    expect(tried.every(({ loss }) => loss === undefined)).toBe(true)
  } finally {
    await rm(folder, { recursive: true })
  }
}, 120_000)

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkGoldenVectors, goldenImage, makeGoldenVectors } from '../../engine/bundle/golden.ts'
import { modelRunner } from '../../engine/runtime/model-runner.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'
import { brightnessBundle, brightnessGraph, input } from '../runtime/brightness-bundle.ts'

describe('a golden picture', () => {
  it('has the same bytes on every machine', () => {
    const { data } = goldenImage(1, 64, 48)
    expect(createHash('sha256').update(data).digest('hex')).toBe('96c1716ab65c6cba1317efd71e23476f0aa35894c0040eb60df5f19d6b6590ff')
  })

  it('has texture in each of its channels and depends on its seed', () => {
    for (const channels of [1, 3] as const) {
      const { data } = goldenImage(7, 50, 30, channels)
      expect(data).toHaveLength(50 * 30 * channels)
      for (let channel = 0; channel < channels; channel++) expect(new Set(data.filter((_, index) => index % channels === channel)).size).toBeGreaterThan(50)
      expect(Buffer.from(data).equals(Buffer.from(goldenImage(8, 50, 30, channels).data))).toBe(false)
    }
  })
})

describe('golden vectors', () => {
  it('are made small where pictures are large', async () => {
    const sizes: string[] = []
    await makeGoldenVectors((image) => {
      sizes.push(`${image.width}x${image.height}x${image.channels}`)
      return Promise.resolve({ score: 1, map: new Float32Array(4), height: 2, width: 2 })
    }, { width: 4096, height: 3000, channels: 1 })
    expect(new Set(sizes)).toEqual(new Set(['320x234x1']))
  })

  it('are met by the model that made them', async () => {
    const { bytes, metadata } = await brightnessBundle()
    const session = await openSession(bytes)
    expect(await checkGoldenVectors(modelRunner(session), metadata)).toBe(0)
    await session.close()
    expect(metadata.golden.vectors).toHaveLength(2)
    expect(metadata.golden.vectors[0]).toMatchObject({ width: input.width, height: input.height })
  })

  it.each([1.01, 0, NaN])('refuse a model whose answers are %d times theirs, with the numbers', async (factor) => {
    const { metadata } = await brightnessBundle()
    const session = await openSession(brightnessGraph({ factor }))
    await expect(checkGoldenVectors(modelRunner(session), metadata)).rejects.toMatchObject({
      code: 'GOODPARTS_BUNDLE_GOLDEN',
      message: expect.stringMatching(/score 0\.\d+ within 0\.005 relative, got (0|NaN)/) as string
    })
    await session.close()
  })

  it('refuse a map that differs in one place only', async () => {
    const { bytes, metadata } = await brightnessBundle()
    const session = await openSession(bytes)
    const run = modelRunner(session)
    await expect(checkGoldenVectors(async (image) => {
      const answer = await run(image)
      const map = answer.map.slice()
      map[Math.floor(0.5 / 4 * answer.height) * answer.width + Math.floor(0.5 / 4 * answer.width)] = 2
      return { ...answer, map }
    }, metadata)).rejects.toMatchObject({ code: 'GOODPARTS_BUNDLE_GOLDEN' })
    await session.close()
  })
})

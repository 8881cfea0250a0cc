/** A part explained by several methods, in the process that calls. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { PartExplainer } from '../../engine/explain/explain-part.ts'
import { spottedPicture } from './hand-built-models.ts'
import { spotBundle } from './spot-bundle.ts'

let folder: string
let bundle: { path: string, id: string }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'goodparts-explain-part-test-'))
  const made = await spotBundle()
  bundle = { path: join(folder, 'spots.onnx'), id: made.metadata.id }
  await saveBundle(bundle.path, made)
})
afterAll(() => { rmSync(folder, { recursive: true }) })

test('what it takes to show one method is not charged to the next', async () => {
  let time = 0
  const explainer = new PartExplainer(() => ++time)
  const request = {
    bundle,
    image: spottedPicture(),
    methods: ['grad-cam' as const, 'occlusion' as const],
    budget: 100_000,
    seed: 0,
    judge: true,
    zones: [],
    opacity: 0.6,
    /** Read once for each map that is shown; by this clock that takes longer than the budget. */
    get quality () {
      time += 1_000_000
      return 85
    }
  }
  const { explanations } = await explainer.explain(request)
  await explainer.close()

  expect(explanations.map(({ method, skipped }) => [method, skipped])).toEqual([['grad-cam', null], ['occlusion', null]])
})

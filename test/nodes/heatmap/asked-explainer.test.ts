/** What *Explain now* computes when nobody names a method. */
import { expect, test } from 'vitest'
import type { ExplanationMethod } from '../../../engine/explain/explainer.ts'
import { AskedExplainer } from '../../../nodes/heatmap/asked-explainer.ts'
import type { ModelNode } from '../../../nodes/model/goodparts-model.ts'

test.each<[ExplanationMethod[], ExplanationMethod[]]>([
  [[], ['layer-cam']],
  [['grad-cam', 'sise'], ['grad-cam', 'sise']],
  [['anomaly-map', 'sise'], ['sise']],
  [['anomaly-map'], ['layer-cam']]
])('of a form with %j: %j, all of which are offered', (methods, usual) => {
  const explainer = new AskedExplainer({ model: { current: () => undefined } as unknown as ModelNode, methods, isExplaining: () => false, explain: async () => Promise.reject(new Error('not asked')) })

  expect(explainer.usual).toEqual(usual)
  for (const method of explainer.usual) expect(explainer.methods).toContain(method)
})

import { describe, expect, it } from 'vitest'
import { decodeModel } from '../../engine/graph/decode.ts'
import { gradient, gradientName } from '../../engine/graph/gradient/gradient.ts'
import { readGolden, relativeDistance, runGraph } from './golden-file.ts'

const cases = readGolden('operators.bin')

describe('the gradient of an operator is what PyTorch computes', () => {
  for (const { name, model, inputs, outputs, upstream, gradients } of cases) {
    const forms = name.startsWith('Conv') ? ['convolution', 'matrix'] as const : ['convolution'] as const
    it.each(forms)(`${name}, by %s`, async (convolutionWeights) => {
      const graph = gradient(decodeModel(model), { of: 'y', withRespectTo: Object.keys(gradients), upstream: 'upstream', convolutionWeights })
      const found = await runGraph(graph, { ...inputs, ...upstream })
      expect(relativeDistance(found['y'], outputs['y']!)).toBeLessThan(1e-5)
      for (const [value, expected] of Object.entries(gradients)) {
        expect(found[gradientName(value)]?.dims).toEqual(expected.dims)
        expect(relativeDistance(found[gradientName(value)], expected)).toBeLessThan(1e-5)
      }
    })
  }
})

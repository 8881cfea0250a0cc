/** The gradient of batch normalisation by running statistics. Every other normalisation is differentiated as what it is made of (`decompose.ts`). */
import type { Value } from '../graph.ts'
import { sum } from './rule.ts'
import type { GradientRules } from './rule.ts'

export const normalisationGradients: GradientRules = {
  // y = (x - m) r s + t with r = 1 / sqrt(v + e), per channel
  BatchNormalization: ({ builder, view, g, a, b, node }) => {
    const [mean = '', variance = ''] = node.inputs.slice(3)
    const [batchless, channels] = [view.shape(0).map((_, axis) => axis).filter((axis) => axis !== 1), view.shape(0)[1] as number]
    const channel = (value: Value): Value => builder.reshape(value, [channels, ...view.shape(0).slice(2).map(() => 1)])
    const perChannel = (value: Value): Value => builder.reshape(sum(builder, value, batchless), [channels])
    const inverse = (): Value => builder.node('Reciprocal', [builder.node('Sqrt', [builder.node('Add', [variance, builder.number(view.float('epsilon', 1e-5), variance)])])])
    const correlation = (): Value => perChannel(builder.node('Mul', [g, builder.node('Sub', [a, channel(mean)])]))
    return [
      () => builder.node('Mul', [g, channel(builder.node('Mul', [b, inverse()]))]),
      () => builder.node('Mul', [correlation(), inverse()]),
      () => perChannel(g),
      () => builder.node('Neg', [builder.node('Mul', [perChannel(g), builder.node('Mul', [b, inverse()])])]),
      // dr / dv = -r^3 / 2
      () => {
        const r = inverse()
        const cube = builder.node('Mul', [builder.node('Mul', [r, r]), r])
        return builder.node('Mul', [builder.node('Mul', [correlation(), b]), builder.node('Mul', [cube, builder.number(-0.5, cube)])])
      }
    ]
  }
}

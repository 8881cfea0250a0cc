/** Gradients of activations. */
import type { Value } from '../graph.ts'
import { masked, reduceTo } from './rule.ts'
import type { GradientRules, Site } from './rule.ts'
import { times } from './arithmetic.ts'

function between ({ builder, a }: Site, low: number, high: number): Value {
  return builder.node('And', [builder.node('Greater', [a, builder.number(low, a)]), builder.node('Less', [a, builder.number(high, a)])])
}

/** 1 where the first input is above 0, else `otherwise`. */
function slopes ({ builder, a }: Site, otherwise: Value): Value {
  return builder.node('Where', [builder.node('Greater', [a, builder.number(0, a)]), builder.number(1, a), otherwise])
}

export const activationGradients: GradientRules = {
  Relu: ({ builder, g, y }) => [() => masked(builder, builder.node('Greater', [y, builder.number(0, y)]), g)],
  LeakyRelu: times((site) => slopes(site, site.builder.number(site.view.float('alpha', 0.01), site.a))),
  PRelu: (site) => {
    const { builder, g, a, b, view } = site
    return [
      () => builder.node('Mul', [g, slopes(site, b)]),
      () => reduceTo(builder, builder.node('Mul', [g, builder.node('Min', [a, builder.number(0, a)])]), view.shape(1))
    ]
  },
  // For x > 0 the slope is 1, below it is alpha e^x = y + alpha.
  Elu: times((site) => slopes(site, site.builder.node('Add', [site.y, site.builder.number(site.view.float('alpha', 1), site.y)]))),
  Sigmoid: times(({ builder, y }) => builder.node('Mul', [y, builder.node('Sub', [builder.number(1, y), y])])),
  Tanh: times(({ builder, y }) => builder.node('Sub', [builder.number(1, y), builder.node('Mul', [y, y])])),
  Softplus: times(({ builder, a }) => builder.node('Sigmoid', [a])),
  // d erf(x) / dx = 2 / sqrt(pi) e^(-x^2)
  Erf: times(({ builder, a }) => builder.node('Mul', [builder.node('Exp', [builder.node('Neg', [builder.node('Mul', [a, a])])]), builder.number(2 / Math.sqrt(Math.PI), a)])),
  Clip: (site) => {
    const { builder, view, g, a } = site
    return [() => {
      const conditions: Value[] = []
      if (view.has(1)) conditions.push(builder.node('GreaterOrEqual', [a, site.b]))
      if (view.has(2)) conditions.push(builder.node('LessOrEqual', [a, site.c]))
      const [first, second] = conditions
      if (first === undefined) return g
      return masked(builder, second === undefined ? first : builder.node('And', [first, second]), g)
    }]
  },
  // max(0, min(1, alpha x + beta))
  HardSigmoid: (site) => [() => {
    const { builder, view, g } = site
    const [alpha, beta] = [view.float('alpha', 0.2), view.float('beta', 0.5)]
    return builder.node('Mul', [masked(builder, between(site, -beta / alpha, (1 - beta) / alpha), g), builder.number(alpha, g)])
  }],
  // x max(0, min(1, x / 6 + 1 / 2)): its slope is that bound plus x / 6 inside (-3, 3).
  HardSwish: times((site) => {
    const { builder, a } = site
    const sixth = builder.node('Mul', [a, builder.number(1 / 6, a)])
    const gate = builder.node('Clip', [builder.node('Add', [sixth, builder.number(0.5, a)]), builder.number(0, a), builder.number(1, a)])
    return builder.node('Add', [gate, masked(builder, between(site, -3, 3), sixth)])
  }),
  // y (g - sum(g y))
  Softmax: ({ builder, view, g, y }) => [() => {
    const total = builder.node('ReduceSum', [builder.node('Mul', [g, y]), builder.whole(view.axis(-1))], { keepdims: 1 })
    return builder.node('Mul', [y, builder.node('Sub', [g, total])])
  }],
  // g - softmax(x) sum(g)
  LogSoftmax: ({ builder, view, g, y }) => [() => {
    const total = builder.node('ReduceSum', [g, builder.whole(view.axis(-1))], { keepdims: 1 })
    return builder.node('Sub', [g, builder.node('Mul', [builder.node('Exp', [y]), total])])
  }]
}

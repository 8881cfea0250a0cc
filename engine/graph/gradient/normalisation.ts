/** Gradients of normalisations. Those by a batch's statistics and by groups are differentiated as what they are made of (`decompose.ts`). */
import type { Value } from '../graph.ts'
import type { Shape } from '../node-view.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'
import { reduceTo, sum } from './rule.ts'
import type { GradientRules, Site } from './rule.ts'

export const normalisationGradients: GradientRules = {
  // y = (x - m) r s + t with r = 1 / sqrt(v + e), per channel
  BatchNormalization: ({ builder, view, g, a, b, node }) => {
    const [mean = '', variance = ''] = node.inputs.slice(3)
    const [batchless, channels] = [view.shape(0).map((_, axis) => axis).filter((axis) => axis !== 1), view.shape(0)[1] as number]
    const channel = (value: Value): Value => builder.reshape(value, perChannel(view.shape(0)))
    const total = (value: Value): Value => builder.reshape(sum(builder, value, batchless), [channels])
    const inverse = (): Value => builder.node('Reciprocal', [builder.node('Sqrt', [builder.node('Add', [variance, builder.number(view.float('epsilon', 1e-5), variance)])])])
    const correlation = (): Value => total(builder.node('Mul', [g, builder.node('Sub', [a, channel(mean)])]))
    return [
      () => builder.node('Mul', [g, channel(builder.node('Mul', [b, inverse()]))]),
      () => builder.node('Mul', [correlation(), inverse()]),
      () => total(g),
      () => builder.node('Neg', [builder.node('Mul', [total(g), builder.node('Mul', [b, inverse()])])]),
      // dr / dv = -r^3 / 2
      () => {
        const r = inverse()
        const cube = builder.node('Mul', [builder.node('Mul', [r, r]), r])
        return builder.node('Mul', [builder.node('Mul', [correlation(), b]), builder.node('Mul', [cube, builder.number(-0.5, cube)])])
      }
    ]
  },
  InstanceNormalization: (site) => fromScaled(site, site.view.shape(0).map((_, axis) => axis).slice(2), perChannel(site.view.shape(0))),
  LayerNormalization: (site) => fromScaled(site, site.view.shape(0).map((_, axis) => axis).slice(site.view.axis(-1)), site.view.shape(1))
}

function perChannel (shape: Shape): Shape {
  return [shape[1] as number, ...shape.slice(2).map(() => 1)]
}

/** `y = n s + t`, `n` the input normalised over `axes`, with scale and shift of shape `beside` next to it. */
function fromScaled (site: Site, axes: readonly number[], beside: Shape): ReturnType<GradientRules[string]> {
  const { builder, view, g, a, b, upstream } = site
  if (upstream.slice(1).some((value) => value !== null)) throw view.invalid('gradients of its first output only', 'one of its statistics')
  let found: Normalised | null = null
  const parts = (): Normalised => {
    found ??= normalised(builder, a, axes, view.float('epsilon', 1e-5))
    return found
  }
  const even = view.input(1).numbers?.every((value) => value === 1) ?? false
  return [
    () => throughNormalisation(builder, even ? g : builder.node('Mul', [g, builder.reshape(b, beside)]), axes, parts()),
    () => builder.reshape(reduceTo(builder, builder.node('Mul', [g, parts().normal]), beside), view.shape(1)),
    () => builder.reshape(reduceTo(builder, g, beside), view.shape(2))
  ]
}

interface Normalised {
  readonly normal: Value
  /** `1 / sqrt(variance + epsilon)` */
  readonly r: Value
}

function normalised (builder: ShapedBuilder, x: Value, axes: readonly number[], epsilon: number): Normalised {
  const over = builder.whole(...axes)
  const centred = builder.node('Sub', [x, builder.node('ReduceMean', [x, over], { keepdims: 1 })])
  const variance = builder.node('ReduceMean', [builder.node('Mul', [centred, centred]), over], { keepdims: 1 })
  const r = builder.node('Reciprocal', [builder.node('Sqrt', [builder.node('Add', [variance, builder.number(epsilon, x)])])])
  return { normal: builder.node('Mul', [centred, r]), r }
}

/** `r (g - mean(g) - n mean(g n))` (Ioffe and Szegedy 2015, § 3, in closed form). */
function throughNormalisation (builder: ShapedBuilder, g: Value, axes: readonly number[], { normal, r }: Normalised): Value {
  const mean = (value: Value): Value => builder.node('ReduceMean', [value, builder.whole(...axes)], { keepdims: 1 })
  const along = builder.node('Mul', [normal, mean(builder.node('Mul', [g, normal]))])
  return builder.node('Mul', [builder.node('Sub', [builder.node('Sub', [g, mean(g)]), along]), r])
}

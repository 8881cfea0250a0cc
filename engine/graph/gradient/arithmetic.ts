/** Gradients of arithmetic with broadcasting, and of the functions of calculus. */
import type { Value } from '../graph.ts'
import { masked, reduceTo } from './rule.ts'
import type { GradientRule, GradientRules, Site } from './rule.ts'

/** A rule for an operator of one input: what `g` is multiplied by. */
export function times (factor: (site: Site) => Value): GradientRule {
  return (site) => [() => site.builder.node('Mul', [site.g, factor(site)])]
}

function back ({ builder, view }: Site, index: number, value: Value): Value {
  return reduceTo(builder, value, view.shape(index))
}

/** Max and Min: shared equally among the inputs that are equal to the result, as PyTorch does. */
const extreme: GradientRule = (site) => site.node.inputs.map((input, index) => () => {
  const { builder, g, y } = site
  const type = builder.typeOf(g).type
  const winners = site.node.inputs.map((each) => builder.cast(builder.node('Equal', [each, y]), type))
  const count = winners.reduce((left, right) => builder.node('Add', [left, right]))
  return back(site, index, builder.node('Div', [masked(builder, builder.node('Equal', [input, y]), g), count]))
})

const sum: GradientRule = (site) => site.node.inputs.map((_, index) => () => back(site, index, site.g))

export const arithmeticGradients: GradientRules = {
  Identity: ({ g }) => [() => g],
  Neg: ({ builder, g }) => [() => builder.node('Neg', [g])],
  Add: sum,
  Sum: sum,
  Mean: (site) => site.node.inputs.map((_, index) => () => back(site, index, site.builder.node('Mul', [site.g, site.builder.number(1 / site.node.inputs.length, site.g)]))),
  Sub: (site) => [() => back(site, 0, site.g), () => back(site, 1, site.builder.node('Neg', [site.g]))],
  Mul: (site) => [() => back(site, 0, site.builder.node('Mul', [site.g, site.b])), () => back(site, 1, site.builder.node('Mul', [site.g, site.a]))],
  Div: (site) => [
    () => back(site, 0, site.builder.node('Div', [site.g, site.b])),
    () => back(site, 1, site.builder.node('Neg', [site.builder.node('Mul', [site.g, site.builder.node('Div', [site.y, site.b])])]))
  ],
  Pow: (site) => {
    const { builder, g, a, b, y } = site
    const exponent = builder.find(b)?.numbers
    return [
      () => {
        if (exponent?.length === 1 && exponent[0] === 2) return back(site, 0, builder.node('Mul', [g, builder.node('Add', [a, a])]))
        const slopeOf = (base: Value): Value => builder.node('Mul', [builder.cast(b, builder.typeOf(a).type), builder.node('Pow', [base, builder.node('Sub', [b, builder.number(1, b)])])])
        if (exponent?.every((power) => power < 0 || power >= 1) === true) return back(site, 0, builder.node('Mul', [g, slopeOf(a)]))
        // Roots, and the power of 0, at 0: as the square root.
        const isRoot = builder.node('And', [builder.node('Not', [builder.node('Less', [b, builder.number(0, b)])]), builder.node('Less', [b, builder.number(1, b)])])
        const isSteep = builder.node('And', [builder.node('Equal', [a, builder.number(0, a)]), isRoot])
        return back(site, 0, masked(builder, builder.node('Not', [isSteep]), builder.node('Mul', [g, slopeOf(builder.node('Where', [isSteep, builder.number(1, a), a]))])))
      },
      () => {
        // The logarithm's own argument is kept positive: 0 times NaN would be NaN.
        const positive = builder.node('Greater', [a, builder.number(0, a)])
        const logarithm = builder.node('Log', [builder.node('Where', [positive, a, builder.number(1, a)])])
        return back(site, 1, builder.node('Mul', [g, builder.node('Mul', [y, logarithm])]))
      }
    ]
  },
  Max: extreme,
  Min: extreme,
  Where: (site) => {
    const { builder, g, a: condition } = site
    return [
      null,
      () => back(site, 1, masked(builder, condition, g)),
      () => back(site, 2, masked(builder, builder.node('Not', [condition]), g))
    ]
  },
  // At 0 the slope has no end, and 0 times it would be NaN: a distance of 0 that nothing depends on must not take the rest with it.
  Sqrt: ({ builder, g, y }) => [() => {
    const positive = builder.node('Greater', [y, builder.number(0, y)])
    return masked(builder, positive, builder.node('Div', [builder.node('Mul', [g, builder.number(0.5, g)]), builder.node('Where', [positive, y, builder.number(1, y)])]))
  }],
  Exp: times(({ y }) => y),
  Log: ({ builder, g, a }) => [() => builder.node('Div', [g, a])],
  Reciprocal: ({ builder, g, y }) => [() => builder.node('Neg', [builder.node('Mul', [g, builder.node('Mul', [y, y])])])],
  Abs: times(({ builder, a }) => builder.node('Sign', [a])),
  Sin: times(({ builder, a }) => builder.node('Cos', [a])),
  Cos: times(({ builder, a }) => builder.node('Neg', [builder.node('Sin', [a])])),
  // Steps are flat wherever they have a slope.
  Sign: () => [],
  Floor: () => [],
  Ceil: () => [],
  Round: () => [],
  // To or from whole numbers the way back ends: `gradient` never asks for those.
  Cast: ({ builder, g, a }) => [() => builder.cast(g, builder.typeOf(a).type)],
  CastLike: ({ builder, g, a }) => [() => builder.cast(g, builder.typeOf(a).type)],
  Dropout: ({ view, g }) => {
    if (view.has(2) && view.input(2).numbers?.[0] !== 0) throw view.invalid('its training mode off (feed a mask and multiply instead)', 'training mode')
    return [() => g]
  }
}

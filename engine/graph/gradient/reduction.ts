/** Gradients of reductions. */
import type { Value } from '../graph.ts'
import { sizeOf } from '../node-view.ts'
import { keptShape, reducedAxes } from '../shapes/matrix.ts'
import { masked, sum } from './rule.ts'
import type { GradientRule, GradientRules, Site } from './rule.ts'

/** The gradient, or the result, with the reduced axes kept as 1, so that it broadcasts against the input. */
function kept ({ builder, view }: Site, value: Value): Value {
  return builder.reshape(value, keptShape(view, reducedAxes(view)))
}

function spread (site: Site, value: Value): Value {
  return site.builder.node('Expand', [value, site.builder.whole(...site.view.shape(0))])
}

/** Shared equally among the places that hold the extreme value, as PyTorch does for `amax`. */
const extreme: GradientRule = (site) => [() => {
  const { builder, view, g, a, y } = site
  const winners = builder.cast(builder.node('Equal', [a, kept(site, y)]), builder.typeOf(g).type)
  const count = sum(builder, winners, reducedAxes(view))
  return builder.node('Mul', [winners, builder.node('Div', [kept(site, g), count])])
}]

export const reductionGradients: GradientRules = {
  ReduceSum: (site) => [() => spread(site, kept(site, site.g))],
  ReduceMean: (site) => [() => {
    const { builder, view, g } = site
    const count = sizeOf(view.shape(0)) / sizeOf(keptShape(view, reducedAxes(view)))
    return spread(site, builder.node('Mul', [kept(site, g), builder.number(1 / count, g)]))
  }],
  ReduceMax: extreme,
  ReduceMin: extreme,
  // The product of all other factors: that of all but the zeros over the factor itself, and 0 where another factor is 0.
  ReduceProd: (site) => [() => {
    const { builder, view, g, a } = site
    const isZero = builder.node('Equal', [a, builder.number(0, a)])
    const without = builder.node('Where', [isZero, builder.number(1, a), a])
    const product = builder.node('ReduceProd', [without, builder.whole(...reducedAxes(view))], { keepdims: 1 })
    const zeros = builder.cast(isZero, builder.typeOf(a).type)
    const others = builder.node('Sub', [sum(builder, zeros, reducedAxes(view)), zeros])
    const slope = masked(builder, builder.node('Equal', [others, builder.number(0, a)]), builder.node('Div', [product, without]))
    return builder.node('Mul', [kept(site, g), slope])
  }],
  ReduceL1: (site) => [() => site.builder.node('Mul', [kept(site, site.g), site.builder.node('Sign', [site.a])])],
  // x / |x|, and 0 where the norm is 0
  ReduceL2: (site) => [() => {
    const { builder, g, a, y } = site
    const norm = builder.node('Max', [kept(site, y), builder.number(1e-30, y)])
    return builder.node('Mul', [a, builder.node('Div', [kept(site, g), norm])])
  }],
  ReduceSumSquare: (site) => [() => site.builder.node('Mul', [kept(site, site.g), site.builder.node('Add', [site.a, site.a])])],
  ReduceLogSum: (site) => [() => spread(site, site.builder.node('Div', [kept(site, site.g), site.builder.node('Exp', [kept(site, site.y)])]))],
  ReduceLogSumExp: (site) => [() => {
    const { builder, g, a, y } = site
    return builder.node('Mul', [kept(site, g), builder.node('Exp', [builder.node('Sub', [a, kept(site, y)])])])
  }],
  GlobalAveragePool: ({ builder, view, g }) => [() => {
    const count = sizeOf(view.shape(0).slice(2))
    return builder.node('Expand', [builder.node('Mul', [g, builder.number(1 / count, g)]), builder.whole(...view.shape(0))])
  }],
  GlobalMaxPool: ({ builder, view, g, a, y }) => [() => {
    const winners = builder.node('Equal', [a, y])
    const count = sum(builder, builder.cast(winners, builder.typeOf(g).type), view.shape(0).map((_, axis) => axis).slice(2))
    return masked(builder, winners, builder.node('Div', [g, count]))
  }]
}

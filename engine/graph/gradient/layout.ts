/** Gradients of operators that move numbers without changing them. */
import type { Value } from '../graph.ts'
import { cutsOf, padsOf, partsOf, permutationOf } from '../shapes/layout.ts'
import { reduceTo } from './rule.ts'
import { scatterAlong } from './scatter.ts'
import type { GradientRule, GradientRules } from './rule.ts'

const reshapeBack: GradientRule = ({ builder, view, g }) => [() => builder.reshape(g, view.shape(0))]

export const layoutGradients: GradientRules = {
  Reshape: reshapeBack,
  Flatten: reshapeBack,
  Squeeze: reshapeBack,
  Unsqueeze: reshapeBack,
  Transpose: ({ builder, view, g }) => {
    const perm = permutationOf(view)
    return [() => builder.transpose(g, perm.map((_, axis) => perm.indexOf(axis)))]
  },
  Expand: ({ builder, view, g }) => [() => reduceTo(builder, g, view.shape(0))],
  Tile: ({ builder, view, g }) => [() => {
    // (r n) as (r, n), summed over r
    const repeats = view.numbers(1)
    const split = builder.reshape(g, view.shape(0).flatMap((size, axis) => [repeats[axis] as number, size]))
    return builder.reshape(builder.node('ReduceSum', [split, builder.whole(...repeats.map((_, axis) => 2 * axis))], { keepdims: 0 }), view.shape(0))
  }],
  Concat: ({ builder, view, g, node }) => {
    const axis = view.axis(0)
    let start = 0
    return node.inputs.map((_, index) => {
      const from = start
      start += view.shape(index)[axis] as number
      const to = start
      return () => builder.node('Slice', [g, builder.whole(from), builder.whole(to), builder.whole(axis)])
    })
  },
  Split: ({ builder, view, upstream, node }) => {
    const axis = view.axis(0)
    return [() => {
      const like = upstream.find((value) => value !== null) as Value
      const parts = partsOf(view).map((size, index) => upstream[index] ??
        builder.filled(0, view.shape(0).map((whole, each) => each === axis ? size : whole), like))
      return parts.length === 1 ? parts[0] as Value : builder.node('Concat', parts.slice(0, node.outputs.length), { axis })
    }]
  },
  Slice: ({ builder, view, g }) => [() => {
    const shape = view.shape(0)
    const cuts = cutsOf(view)
    const plain = cuts.filter((cut) => cut.step === 1)
    const before = shape.map((_, axis) => plain.find((cut) => cut.axis === axis)?.start ?? 0)
    const after = shape.map((size, axis) => {
      const cut = plain.find((each) => each.axis === axis)
      return cut === undefined ? 0 : size - cut.start - cut.count
    })
    const padded = [...before, ...after].some((size) => size > 0) ? builder.node('Pad', [g, builder.whole(...before, ...after)]) : g
    return cuts.filter((cut) => cut.step !== 1).reduce((value, cut) =>
      scatterAlong(builder, value, { axis: cut.axis, to: Array.from({ length: cut.count }, (_, index) => cut.start + index * cut.step), size: shape[cut.axis] as number }), padded)
  }],
  Pad: ({ builder, view, g }) => [() => {
    const mode = view.text('mode', 'constant')
    const { before, after } = padsOf(view)
    if (mode !== 'constant') {
      return view.shape(0).reduce((value, size, axis) => {
        const to = sources(mode, size, before[axis] as number, after[axis] as number)
        return to.length === size && to.every((from, index) => from === index) ? value : scatterAlong(builder, value, { axis, to, size })
      }, g)
    }
    const axes = before.map((_, axis) => axis)
    const starts = before.map((size) => Math.max(size, 0))
    const ends = builder.shape(g).map((size, axis) => size - Math.max(after[axis] as number, 0))
    const cut = builder.node('Slice', [g, builder.whole(...starts), builder.whole(...ends), builder.whole(...axes)])
    const back = [...before, ...after].map((size) => Math.max(-size, 0))
    return back.some((size) => size > 0) ? builder.node('Pad', [cut, builder.whole(...back)]) : cut
  }],
  DepthToSpace: ({ builder, view, g }) => [() => {
    const [batch, channels, height, width] = view.shape(0) as [number, number, number, number]
    const block = view.whole('blocksize', 1)
    const depth = channels / block / block
    const split = builder.reshape(g, [batch, depth, height, block, width, block])
    const order = view.text('mode', 'DCR') === 'CRD' ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]
    return builder.reshape(builder.transpose(split, order), view.shape(0))
  }],
  SpaceToDepth: ({ builder, view, g }) => [() => builder.node('DepthToSpace', [g], { blocksize: view.whole('blocksize', 1), mode: 'DCR' })],
  CumSum: ({ builder, view, g, b }) => [() => builder.node('CumSum', [g, b], { exclusive: view.whole('exclusive', 0), reverse: 1 - view.whole('reverse', 0) })],
  Trilu: ({ builder, view, g, b }) => [() => builder.node('Trilu', view.has(1) ? [g, b] : [g], { upper: view.whole('upper', 1) })]
}

/** From which place of an axis each place of the padded axis was read. The runtime cuts first, and pads from what is left. */
function sources (mode: string, size: number, before: number, after: number): number[] {
  const [first, left] = [Math.max(-before, 0), size + Math.min(before, 0) + Math.min(after, 0)]
  return Array.from({ length: before + size + after }, (_, index) => {
    const place = index - Math.max(before, 0)
    if (mode === 'edge') return first + Math.min(Math.max(place, 0), left - 1)
    if (mode === 'wrap') return first + ((place % left) + left) % left
    const period = Math.max(2 * (left - 1), 1)
    const folded = ((place % period) + period) % period
    return first + (folded < left ? folded : period - folded)
  })
}

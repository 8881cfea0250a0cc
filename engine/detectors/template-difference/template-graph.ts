/** The bundle graph of a template difference. */
import { GraphBuilder } from '../../graph/builder.ts'
import { wireNumber } from '../../graph/element-types.ts'
import type { Graph } from '../../graph/graph.ts'
import { addSmoothing } from '../backbone-features/smoothing.ts'
import type { TemplateGeometry } from './geometry.ts'
import { addChosen, addPlanes, addRegistration } from './registration-graph.ts'

/** uint8 `(K, C, h, w)` each. */
export interface Templates {
  mean: Uint8Array
  /** Grey levels above and below the mean that are tolerated, 1 to 255. */
  above: Uint8Array
  below: Uint8Array
}

/**
 * `image` uint8 `(N, H, W, C)` to `map` float32 `(N, h, w)`, the difference from the template in tolerances (1 = just tolerated), smoothed,
 * and `score` float32 `(N)`, its highest.
 */
export function buildTemplateGraph (templates: Templates, geometry: TemplateGeometry, mapSigma: number): Graph {
  const { height, width } = geometry
  const builder = new GraphBuilder('template-difference')
  const { aligned, valid, variant, template } = addRegistration(builder, addPlanes(builder, geometry), templates.mean, geometry)
  const difference = builder.node('Sub', [aligned, template])
  const ratio = builder.node('Max', [
    builder.node('Div', [difference, addChosen(builder, templates.above, 'above', variant, geometry)]),
    builder.node('Div', [builder.node('Neg', [difference]), addChosen(builder, templates.below, 'below', variant, geometry)])
  ])
  const raw = builder.node('Mul', [builder.node('ReduceMax', [ratio, builder.whole(1)], { keepdims: 1 }), valid])
  const map = builder.node('Squeeze', [addSmoothing(builder, raw, mapSigma), builder.whole(1)])
  builder.output('score', builder.node('ReduceMax', [map, builder.whole(1, 2)], { keepdims: 0 }), 'float32', ['N'])
  builder.output('map', map, 'float32', ['N', height, width])
  return builder.build()
}

/** `image` to `planes` uint8 `(N, C, h, w)`. */
export function buildPlanesGraph (geometry: TemplateGeometry): Graph {
  const builder = new GraphBuilder('template-difference planes')
  const planes = builder.node('Cast', [builder.node('Round', [addPlanes(builder, geometry)])], { to: wireNumber('uint8') })
  builder.output('planes', planes, 'uint8', ['N', geometry.channels, geometry.height, geometry.width])
  return builder.build()
}

/** `image` to `aligned` float32 `(N, C, h, w)`, `valid` float32 `(N or 1, 1, h, w)` and `variant` int64 `(N)`. */
export function buildRegistrationGraph (templates: Uint8Array, geometry: TemplateGeometry): Graph {
  const { height, width, channels } = geometry
  const builder = new GraphBuilder('template-difference registration')
  const { aligned, valid, variant } = addRegistration(builder, addPlanes(builder, geometry), templates, geometry)
  builder.output('aligned', aligned, 'float32', ['N', channels, height, width])
  builder.output('valid', valid, 'float32', [null, 1, height, width])
  builder.output('variant', variant, 'int64', ['N'])
  return builder.build()
}

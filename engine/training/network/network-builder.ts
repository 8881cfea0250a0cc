/**
 * A graph whose parameters are inputs, so that a train step can change them, together with the recipe of how each begins. Layers are
 * functions that take the builder, a feature map and their settings, and give the next feature map.
 */
import { GraphBuilder } from '../../graph/builder.ts'
import type { Dimension, Graph, Value } from '../../graph/graph.ts'
import type { Initial, Parameter } from './parameter.ts'

/** A value `(N, channels, height, width)`; only N may be free. */
export interface FeatureMap {
  readonly value: Value
  readonly channels: number
  readonly height: number
  readonly width: number
}

export interface Network {
  readonly graph: Graph
  /** In the order in which they were made; each is an input of the graph. */
  readonly parameters: readonly Parameter[]
}

export class NetworkBuilder {
  /** For whatever the layers do not cover. */
  readonly graph: GraphBuilder
  readonly #parameters: Parameter[] = []
  readonly #next = new Map<Value, Value>()

  constructor (name: string) {
    this.graph = new GraphBuilder(name)
  }

  /** An input float32 `(batch, channels, height, width)`. @param batch A number in a train step, a name where it may be any. */
  map (name: string, batch: Dimension, { channels, height, width }: Omit<FeatureMap, 'value'>): FeatureMap {
    return { value: this.graph.input(name, 'float32', [batch, channels, height, width]), channels, height, width }
  }

  /** A tensor that is learnt. @throws GOODPARTS_GRAPH_INVALID when the name is taken. */
  parameter (name: string, shape: readonly number[], initial: Initial): Value {
    const value = this.graph.input(name, 'float32', shape)
    this.#parameters.push({ name, shape, initial })
    return value
  }

  /** Lets `value` of this step be the parameter in the next one; no gradient changes it then. */
  carry (parameter: Value, value: Value): void {
    this.#next.set(parameter, value)
  }

  /** @throws GOODPARTS_GRAPH_INVALID when it is not well formed. */
  build (): Network {
    const parameters = this.#parameters.map((parameter): Parameter => {
      const next = this.#next.get(parameter.name)
      return next === undefined ? parameter : { ...parameter, next }
    })
    return { graph: this.graph.build(), parameters }
  }
}

/** The same positions under another value. */
export function withValue (map: FeatureMap, value: Value): FeatureMap {
  return { ...map, value }
}

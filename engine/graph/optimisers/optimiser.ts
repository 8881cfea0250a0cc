/** What every optimiser is: the graph of one update. */
import type { Value } from '../graph.ts'
import type { ShapedBuilder } from '../shaped-builder.ts'

export interface Update {
  readonly parameter: Value
  /** Already clipped. */
  readonly gradient: Value
  /** One per name in `moments`, of the parameter's shape; zeros before the first step. */
  readonly moments: readonly Value[]
  /** Numbers without dimensions. `step` counts from 1. */
  readonly learningRate: Value
  readonly step: Value
  /** Whether weight decay (and LARS's adaptation) is meant for this parameter. */
  readonly decayed: boolean
}

export interface Updated {
  readonly parameter: Value
  readonly moments: readonly Value[]
}

export interface Optimiser {
  /** Names of what is kept per parameter from step to step. */
  readonly moments: readonly string[]
  update (builder: ShapedBuilder, update: Update): Updated
}

/** Arithmetic on values, and on numbers where one side is a number. */
export function arithmetic (builder: ShapedBuilder): Record<'add' | 'sub' | 'mul' | 'div', (left: Value, right: Value | number) => Value> {
  const operation = (operator: string) => (left: Value, right: Value | number): Value =>
    builder.node(operator, [left, typeof right === 'number' ? builder.number(right, left) : right])
  return { add: operation('Add'), sub: operation('Sub'), mul: operation('Mul'), div: operation('Div') }
}

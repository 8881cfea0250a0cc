/** The type of a shape rule, and the small rules that many operators share. */
import type { ElementType } from '../element-types.ts'
import type { NodeView, Shape } from '../node-view.ts'

export interface OutputType {
  readonly type: ElementType
  readonly shape: Shape
}

/** Gives type and shape of each output. */
export type ShapeRule = (view: NodeView) => OutputType[]

export type ShapeRules = Readonly<Record<string, ShapeRule>>

export function like (view: NodeView, shape: Shape = view.shape(0)): OutputType[] {
  return [{ type: view.input(0).type, shape }]
}

/** The same rule for several operators. */
export function forEach (operators: string, rule: ShapeRule): ShapeRules {
  return Object.fromEntries(operators.split(' ').map((operator) => [operator, rule]))
}

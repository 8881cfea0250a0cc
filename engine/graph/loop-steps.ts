/** Several training steps in one run, so that weights stay on the device between them. */
import { GraphBuilder } from './builder.ts'
import { renameValues } from './edit.ts'
import type { Graph, Value, ValueInfo } from './graph.ts'
import { learningRateName, stepName } from './train-step.ts'
import type { TrainStep } from './train-step.ts'

/**
 * `count` steps in one ONNX `Loop`. State goes in and comes out as before. Every other input gets a first axis of `count`, one entry per step: the
 * data, and `learningRate` `(count)`; `step` stays the number of the first step. The other outputs, the loss among them, get the same axis.
 * @param count The name of a free size leaves it to each run: as many steps as it is given rates.
 */
export function loopSteps (step: TrainStep, count: number | string): TrainStep {
  const { graph, state } = step
  const stateNames = new Set(state.map(({ name }) => name))
  const nextNames = new Set(state.map(({ next }) => next))
  const builder = new GraphBuilder(`${graph.name}/${count}-steps`)
  for (const input of graph.inputs) {
    const alone = stateNames.has(input.name) || input.name === stepName
    builder.input(input.name, input.type ?? 'float32', alone ? input.shape ?? [] : [count, ...input.shape ?? []])
  }
  const watched = graph.outputs.filter(({ name }) => !nextNames.has(name))
  const body: Graph = bodyOf(step, watched)
  const limit = typeof count === 'number' ? builder.constant(BigInt64Array.of(BigInt(count)), []) : builder.node('Size', [learningRateName])
  const results = builder.nodes('Loop', [limit, '', ...state.map(({ name }) => name)], state.length + watched.length, { attributes: { body: { kind: 'graph', value: body } } })
  state.forEach(({ next, shape }, index) => { builder.output(next, results[index] as Value, 'float32', shape) })
  watched.forEach(({ name, type, shape }, index) => { builder.output(name, results[state.length + index] as Value, type ?? 'float32', [count, ...shape ?? []]) })
  return { ...step, graph: builder.build() }
}

/** One iteration: this step's entries are gathered from around it, and the state goes round. */
function bodyOf ({ graph, state }: TrainStep, watched: readonly ValueInfo[]): Graph {
  // Names in a body must differ from those around it.
  const inside = (name: Value): Value => name === '' ? '' : `body/${name}`
  const renamed = renameValues(graph, inside)
  const picked = graph.inputs.filter(({ name }) => !state.some((each) => each.name === name))
  const [iteration, condition, kept] = ['body/iteration', 'body/condition', 'body/condition/kept']
  const entry = ({ name }: ValueInfo): Graph['nodes'] => name === stepName
    ? [
        node('Cast', [iteration], 'body/iteration/float', { to: { kind: 'int', value: 1 } }),
        node('Add', [name, 'body/iteration/float'], inside(name))
      ]
    : [node('Gather', [name, iteration], inside(name), { axis: { kind: 'int', value: 0 } })]
  return {
    ...renamed,
    name: 'body',
    operatorSets: {},
    functions: [],
    inputs: [
      { name: iteration, type: 'int64', shape: [] },
      { name: condition, type: 'bool', shape: [] },
      ...state.map(({ name }) => renamed.inputs.find((input) => input.name === inside(name)) as ValueInfo)
    ],
    outputs: [
      { name: kept, type: 'bool', shape: [] },
      ...state.map(({ next }) => renamed.outputs.find((output) => output.name === inside(next)) as ValueInfo),
      ...watched.map(({ name }) => renamed.outputs.find((output) => output.name === inside(name)) as ValueInfo)
    ],
    nodes: [node('Identity', [condition], kept), ...picked.flatMap(entry), ...renamed.nodes]
  }
}

function node (operator: string, inputs: readonly Value[], output: Value, attributes: Graph['nodes'][number]['attributes'] = {}): Graph['nodes'][number] {
  return { name: output, operator, domain: '', inputs, outputs: [output], attributes }
}

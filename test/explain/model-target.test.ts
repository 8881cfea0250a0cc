import { describe, expect, test } from 'vitest'
import { scoreOutput, targetValue } from '../../engine/explain/model/model-target.ts'
import { GraphBuilder } from '../../engine/graph/builder.ts'
import type { ElementType } from '../../engine/graph/element-types.ts'
import type { Dimension, Graph } from '../../engine/graph/graph.ts'

/** A graph that gives its input again, under names. */
function graphOf (outputs: Array<[name: string, shape: Dimension[], type?: ElementType]>): Graph {
  const builder = new GraphBuilder('answers')
  const pixels = builder.input('pixels', 'float32', ['N', 1, 8, 8])
  for (const [name, shape, type = 'float32'] of outputs) builder.output(name, builder.node('Identity', [pixels]), type, shape)
  return builder.build()
}

const score = { kind: 'score' } as const
const secondClass = { kind: 'class', index: 1 } as const

describe('the score of a model', () => {
  test('is what is called so, else the only output of one number for each picture', () => {
    expect(scoreOutput(graphOf([['distance', ['N']], ['score', ['N']]]), null)).toBe('score')
    expect(scoreOutput(graphOf([['pred_score', ['N']], ['pred_label', ['N'], 'bool'], ['anomaly_map', ['N', 1, 8, 8]]]), null)).toBe('pred_score')
    expect(scoreOutput(graphOf([['pred_score', ['N', 1]]]), null)).toBe('pred_score')
    expect(scoreOutput(graphOf([['one', ['N']], ['other', ['N']]]), null)).toBeNull()
    expect(scoreOutput(graphOf([['logits', ['N', 2]]]), null)).toBeNull()
  })

  test('is the output that is named, where that holds one number for each picture', () => {
    const graph = graphOf([['one', ['N']], ['other', ['N', 1]], ['logits', ['N', 5]]])

    expect(targetValue(graph, score, 'other')).toMatchObject({ output: 'other', confidence: 'excess' })
    expect(targetValue(graph, secondClass, 'logits')).toMatchObject({ output: 'logits', confidence: 'softmax' })
    expect(() => targetValue(graph, secondClass, 'other')).toThrow(expect.objectContaining({ code: 'GOODPARTS_EXPLANATION_FAILED', message: 'Expected the model to have an output (N, classes), got other (N, 1)', fix: 'Choose the target score.' }))
    expect(() => targetValue(graph, score, 'logits')).toThrow(expect.objectContaining({ fix: 'Name a class as the target.' }))
    expect(() => targetValue(graph, score, 'none')).toThrow(expect.objectContaining({ code: 'GOODPARTS_ARGUMENT', message: 'Expected the model to have the output none, got one (N), other (N, 1), logits (N, 5)' }))
  })

  test('and classes are never told by an output of yes and no', () => {
    const graph = graphOf([['pred_label', ['N', 1], 'bool'], ['pred_score', ['N', 1]]])

    expect(targetValue(graph, score).output).toBe('pred_score')
    expect(targetValue(graph, { kind: 'class', index: 0 }).output).toBe('pred_score')
  })

  test('and a class that are both absent do not send one to the other', () => {
    const graph = graphOf([['one', ['N']], ['other', ['N']]])

    for (const target of [score, secondClass]) expect(() => targetValue(graph, target)).toThrow(expect.objectContaining({ fix: expect.stringContaining('Name the output that answers') as unknown }))
  })
})

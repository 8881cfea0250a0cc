import { describe, expect, it } from 'vitest'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { KeptExplanations } from '../../engine/live/kept-explanations.ts'
import type { PartExplanations } from '../../engine/live/publication.ts'
import { HeldExplainer } from './held-explainer.ts'

function explanations (line: string, eventId: string, map = new AnomalyMap(Float32Array.of(0, 0.5, 1, 0.25), 2, 2)): PartExplanations {
  return { line, eventId, methods: [{ method: 'sise', map, regions: [], insertion: 0.8, deletion: null, skipped: null, milliseconds: 5 }], without: [], evidence: { name: 'good.png', jpeg: Buffer.from([1, 2, 3]) } }
}

describe('explanations that are kept', () => {
  it('come back as the page reads them, the map in 256 steps', () => {
    const kept = new KeptExplanations()
    kept.keep(explanations('a', 'e1'))

    const { methods: [sise], evidence } = kept.of('a', 'e1')

    expect(sise).toMatchObject({ method: 'sise', insertion: 0.8, deletion: null, map: { height: 2, width: 2, minimum: 0, maximum: 1 } })
    expect([...Buffer.from(sise!.map.cells, 'base64')]).toEqual([0, 128, 255, 64])
    expect(evidence).toEqual({ name: 'good.png', jpeg: 'AQID' })
    expect(kept.of('a', 'e2')).toEqual({ state: 'none', methods: [], without: [], evidence: null })
  })

  it('keep the map as the process has quantised it, which is the main thread\'s rest', () => {
    const kept = new KeptExplanations()
    kept.keep(explanations('a', 'e1', new AnomalyMap(new Float32Array(4), 2, 2, { height: 1, width: 2, minimum: 0, maximum: 1, cells: Uint8Array.of(7, 9) })))

    const { methods: [sise] } = kept.of('a', 'e1')

    expect(sise!.map).toMatchObject({ height: 1, width: 2, cells: Buffer.of(7, 9).toString('base64') })
  })

  it('are awaited, then there, or missing once nobody works on them any more, or were never taken', () => {
    const kept = new KeptExplanations()
    const explainer = new HeldExplainer()
    const state = (event: string): string => kept.of('a', event).state
    for (const event of ['e1', 'e2', 'e3']) {
      explainer.underway.add(event)
      kept.await('a', event, 'explaining', explainer)
    }
    kept.await('a', 'e4', 'queue-full', explainer)
    kept.await('a', 'e5', 'explaining')
    kept.keep(explanations('a', 'e1'))

    const events = ['e1', 'e2', 'e3', 'e4', 'e5', 'e6']
    expect(events.map(state)).toEqual(['explained', 'explaining', 'explaining', 'queue-full', 'explaining', 'none'])
    for (const event of ['e1', 'e3']) explainer.underway.delete(event)
    expect(events.map(state)).toEqual(['explained', 'explaining', 'missing', 'queue-full', 'explaining', 'none'])
    kept.forget('a')
    expect(state('e4')).toBe('none')
  })

  it('of another method stand beside those of before, and the same method\'s take their place', () => {
    const kept = new KeptExplanations()
    const { methods: [sise] } = explanations('a', 'e1')
    kept.keep({ ...explanations('a', 'e1'), without: [{ method: 'rise', reason: 'found nothing' }] })
    kept.keep({ ...explanations('a', 'e1'), methods: [{ ...sise!, method: 'rise' }, { ...sise!, insertion: 0.9 }], evidence: null })

    expect(kept.of('a', 'e1')).toMatchObject({ state: 'explained', methods: [{ method: 'rise' }, { method: 'sise', insertion: 0.9 }], without: [], evidence: { name: 'good.png' } })
    kept.keep({ ...explanations('a', 'e1'), methods: [], without: [{ method: 'occlusion', reason: 'too late', code: 'GOODPARTS_QUEUE_FULL' }], evidence: null })
    expect(kept.of('a', 'e1')).toMatchObject({ state: 'explained', methods: [{ method: 'rise' }, { method: 'sise' }], without: [{ method: 'occlusion', code: 'GOODPARTS_QUEUE_FULL' }] })
  })

  it('make room for newer ones', () => {
    const kept = new KeptExplanations(2 * 450)
    for (const event of ['e1', 'e2', 'e3', 'e4']) {
      kept.await('a', event, 'explaining')
      kept.keep(explanations('a', event))
    }

    expect(kept.of('a', 'e1').state).toBe('made-room')
    expect(kept.of('a', 'e4').state).toBe('explained')
  })

  it('say that no method gave a map, and why', () => {
    const kept = new KeptExplanations()
    kept.await('a', 'e1', 'explaining')
    kept.keep({ ...explanations('a', 'e1'), methods: [], without: [{ method: 'grad-cam', reason: 'found nothing' }] })

    expect(kept.of('a', 'e1')).toMatchObject({ state: 'without-map', methods: [], without: [{ method: 'grad-cam', reason: 'found nothing' }], evidence: { name: 'good.png' } })
  })

  it('go with their line, and with no other', () => {
    const kept = new KeptExplanations()
    kept.keep(explanations('a', 'e1'))
    kept.keep(explanations('ab', 'e1'))
    kept.forget('a')

    expect(kept.of('a', 'e1').state).toBe('none')
    expect(kept.of('ab', 'e1').state).toBe('explained')
  })
})

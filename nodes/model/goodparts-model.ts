/** Configuration node: one loaded bundle, shared by the nodes that name it, exchanged while the line runs. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { asGoodpartsError, type GoodpartsError } from '../../engine/errors.ts'
import { ModelSlot, type SlotState, type SlottedModel } from '../../engine/decision/model-slot.ts'
import { AuditTrail } from '../shared/audit-trail.ts'
import { heardByUsers, onClose, tellError } from '../shared/lifecycle.ts'
import { readModelForm, type ModelForm } from './settings.ts'

/** What other nodes see of it. Emits `changed` with a `SlottedModel` whenever a bundle takes its place. */
export interface ModelNode extends Node {
  /** Where its bundle is read from, and written to by a fit node that names no other; `undefined` when its form is wrong. */
  bundlePath: string | undefined
  /** Of its limits, what an update of its bundle is judged by; `undefined` when its form is wrong. */
  rates: { reviewRate: number, rejectRate: number } | undefined
  /** What is wrong with its form. */
  formError: GoodpartsError | undefined
  current: () => SlottedModel | undefined
  /** Loads and verifies, then exchanges between two frames; resolves when that is in the audit log too. @throws as `ModelSlot.swap`; the old one then stays. */
  swap: (path: string) => Promise<SlottedModel>
  /** Tells the state now and whenever it changes. The first user makes it load. */
  register: (id: string, tell: (state: SlotState) => void) => void
  deregister: (id: string) => void
}

export default function register (RED: NodeAPI): void {
  function ModelConfig (this: ModelNode, config: NodeDef & ModelForm): void {
    RED.nodes.createNode(this, config)
    heardByUsers(RED, this)
    const users = new Map<string, (state: SlotState) => void>()
    let failure: SlotState | undefined
    let slot = new ModelSlot()
    const trail = new AuditTrail(RED, this)
    let entered = Promise.resolve()
    try {
      const settings = readModelForm(config, RED.settings.userDir ?? homedir())
      this.bundlePath = settings.path
      this.rates = settings.rates
      slot = new ModelSlot(settings.slot)
    } catch (cause) {
      const error = asGoodpartsError(cause, 'GOODPARTS_ARGUMENT')
      failure = { kind: 'failed', error, current: undefined }
      this.formError = error
      // For the log; the nodes that name this one tell their Catch nodes.
      tellError(this, error)
    }
    let begun = failure !== undefined

    slot.on('state', (state) => { for (const tell of users.values()) tell(state) })
    slot.on('state', (state) => { if (state.kind === 'loading') this.log(`loading ${state.path}`) })
    slot.on('changed', ({ path, model, decision, loadSeconds }) => {
      this.log(`loaded in ${loadSeconds.toFixed(1)} s: ${path}, bundle ${model.metadata.id} on ${model.choice.reason}. ${decision.statement}`)
      entered = trail.tell({ kind: 'bundle-swapped', details: { path } }, model.metadata.id)
      this.emit('changed', slot.current)
    })
    this.current = () => slot.current
    this.swap = async (path) => {
      begun = true
      const current = await slot.swap(path)
      await entered
      return current
    }
    this.register = (id, tell) => {
      users.set(id, tell)
      if (!begun && this.bundlePath !== undefined && existsSync(this.bundlePath)) {
        this.swap(this.bundlePath).catch((cause: unknown) => {
          tellError(this, asGoodpartsError(cause, 'GOODPARTS_BUNDLE_INVALID'))
        })
      }
      tell(failure ?? slot.state)
    }
    this.deregister = (id) => { users.delete(id) }
    onClose(this, async () => {
      await slot.close()
      await trail.close()
    })
  }
  RED.nodes.registerType('goodparts-model', ModelConfig as (this: Node, config: NodeDef & ModelForm) => void)
}

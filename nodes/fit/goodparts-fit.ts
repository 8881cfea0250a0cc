/** Learns from good parts, off the line or from a folder, and puts the bundle into the model. */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red'
import { LineFit, type LineFitOptions } from '../../engine/detectors/line-fit.ts'
import { folderImages } from '../../engine/evaluation/dataset.ts'
import { confinedPathOfAny } from '../../engine/frame/confined-path.ts'
import { isFrame } from '../../engine/frame/frame.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { configurationNode } from '../shared/configuration-node.ts'
import { onClose, onInput, refuse } from '../shared/lifecycle.ts'
import { Status } from '../shared/status.ts'
import { FitReport } from './fit-report.ts'
import { folderFix, leavesRateOut, readFitCommand, readFitForm, summaryOf, type FitForm } from './settings.ts'

type Config = NodeDef & FitForm & { model: string }
interface Settings { goodpartsFitFolders?: string[] }
interface Message extends NodeMessageInFlow { frame?: unknown, partId?: unknown, fit?: unknown }

export default function register (RED: NodeAPI): void {
  function FitNode (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    const model = configurationNode(RED, config.model, 'goodparts-model') as ModelNode | null
    try {
      start(this, status, model, config, readFitForm(config, this.id, RED.settings.userDir ?? homedir(), model))
    } catch (cause) {
      refuse(RED, this, status, RED._('goodparts-fit.status.notConfigured'), cause)
    }
  }

  function start (node: Node, status: Status, model: ModelNode | null, config: Config, options: LineFitOptions): void {
    if (leavesRateOut(config)) node.warn(RED._('goodparts-fit.notice.noRate', { detector: config.detector }))
    const fit = new LineFit(options)
    const folders = [RED.settings.userDir ?? homedir(), ...(RED.settings as Settings).goodpartsFitFolders ?? []]
    const topic = config.name || node.id
    const report = new FitReport(RED, node, status, topic)
    const fail = (cause: unknown): void => { report.failed(cause) }
    fit.on('progress', (progress) => { report.progress(progress) })
    fit.on('failed', fail)
    fit.on('ready', ({ path, metadata }) => {
      const place = async (): Promise<void> => {
        const current = await model?.swap(path)
        report.ready(metadata.id)
        node.send([{ topic, payload: { path, id: metadata.id, metadata: summaryOf(metadata), limitsStatement: current?.decision.statement ?? null } }, null])
      }
      place().catch(fail)
    })

    onInput(node, async (msg: Message) => {
      const { frame, partId } = msg
      if (isFrame(frame) && msg.fit === undefined) return fit.add(frame, typeof partId === 'string' ? partId : null).then(() => null)
      const command = readFitCommand(msg)
      if (command === 'cancel') {
        await fit.cancel()
        report.idle()
      } else if (typeof command === 'string') await fit.start()
      else fit.learn((await folderImages(await confinedPathOfAny(folders, command.folder, folderFix))).map(({ name, group, calibration }) => ({ path: name, group, calibration })))
      return null
    })
    onClose(node, async (removed) => {
      fit.removeAllListeners()
      report.withdraw()
      await fit.close()
      if (removed) await rm(options.folder, { recursive: true, force: true })
      status.close()
    })
    report.idle()
    if (config.begin === 'always' || (config.begin === 'no-bundle' && !existsSync(options.request.output))) fit.start().catch(fail)
  }
  RED.nodes.registerType('goodparts-fit', FitNode, { settings: { goodpartsFitFolders: { value: [], exportable: false } } })
}

/** What became of verdicts and messages over a deploy, for the log. */
import type { NodeAPI } from 'node-red'
import type { DeployListener } from '../shared/follow-verdicts.ts'

export function deployReport (RED: NodeAPI): DeployListener {
  const say = (what: 'stopped' | 'restarted', delivered: number, lost: number, { nodes, ...more }: { nodes: string[], reasons?: string }): void => {
    const values = { delivered, lost, nodes: nodes.join(', '), ...more }
    if (delivered > 0) RED.log.info(RED._(`goodparts-score.${what}.delivered`, values))
    if (lost > 0) RED.log.warn(RED._(`goodparts-score.${what}.lost`, values))
  }
  return {
    held: ({ delivered, lost, nodes }) => { say('stopped', delivered, lost, { nodes }) },
    restarted: ({ delivered, lost, nodes }) => {
      const reasons = Object.entries(lost).map(([reason, count]) => `${count} ${reason}`).join(', ')
      say('restarted', delivered, Object.values(lost).reduce((sum, count) => sum + count, 0), { nodes, reasons })
    }
  }
}

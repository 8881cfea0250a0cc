/** The TLS configuration that the form of a live server names. */
import type { SecureContextOptions } from 'node:tls'
import type { Node, NodeAPI } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import type { LiveServerOptions } from '../../engine/live/server.ts'
import { configurationNode } from '../shared/configuration-node.ts'

interface TlsConfigNode extends Node {
  valid: boolean
  addTLSOptions: (options: SecureContextOptions) => SecureContextOptions
}

/** Key and certificate of the `tls-config` node chosen. @throws GOODPARTS_ARGUMENT */
export function tlsOptions (RED: NodeAPI, id: string | undefined): Pick<LiveServerOptions, 'tls'> {
  if (id === undefined || id === '' || id === '_ADD_') return {}
  const node = configurationNode(RED, id, 'tls-config') as TlsConfigNode | null
  const tls = node?.valid === true ? node.addTLSOptions({}) : {}
  if (tls.pfx === undefined && (tls.key === undefined || tls.cert === undefined)) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected the TLS configuration to have a certificate and a key, got none', { fix: 'Add both to the TLS configuration, or choose none' })
  }
  return { tls }
}

/** The form of a Kafka broker, checked. */
import { GoodpartsError } from '../../engine/errors.ts'
import type { KafkajsOptions } from '../../engine/publish/kafkajs-client.ts'

export interface BrokerForm {
  /** `HOST:PORT`, several by commas. */
  brokers: string
  clientId: string
  useTls: boolean
  mechanism: string
}

export interface BrokerCredentials {
  user?: string
  password?: string
}

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

/** @throws GOODPARTS_ARGUMENT */
export function readBrokerForm (form: BrokerForm, { user, password }: BrokerCredentials): Pick<KafkajsOptions, 'brokers' | 'clientId' | 'sasl'> {
  const brokers = form.brokers.split(',').map((broker) => broker.trim()).filter((broker) => broker !== '')
  if (brokers.length === 0) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected brokers to name at least one HOST:PORT, got nothing')
  const odd = brokers.find((broker) => !isAddress(broker))
  if (odd !== undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected brokers to be HOST:PORT, got "${odd}"`)
  const clientId = form.clientId === '' ? 'goodparts' : form.clientId
  if (form.mechanism === 'none' || form.mechanism === '') return { brokers, clientId }
  const mechanism = mechanisms.find((known) => known === form.mechanism)
  if (mechanism === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected mechanism to be none, ${mechanisms.join(', ')}, got "${form.mechanism}"`)
  if (user === undefined || user === '' || password === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected user and password for SASL ${mechanism}, got none`)
  return { brokers, clientId, sasl: { mechanism, username: user, password } }
}

function isAddress (broker: string): boolean {
  const port = Number(/^(?:[^\s:/]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(broker)?.[1])
  return port >= 1 && port <= 65535
}

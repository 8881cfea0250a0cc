/** The form of a Kafka broker, checked. */
import { GoodpartsError } from '../../engine/errors.ts'
import type { KafkajsOptions } from '../../engine/publish/kafkajs-client.ts'
import { readAll } from '../../engine/read-all.ts'
import { readChoice, readText, shown } from '../shared/form-values.ts'

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

/** @throws GOODPARTS_ARGUMENT, all wrong fields at once */
export function readBrokerForm (form: Partial<BrokerForm>, credentials: BrokerCredentials): Pick<KafkajsOptions, 'brokers' | 'clientId' | 'sasl'> {
  const { brokers, clientId, sasl } = readAll({
    brokers: () => readAddresses(form.brokers),
    clientId: () => readText('the client id', form.clientId) || 'goodparts',
    sasl: () => readLogin(form.mechanism, credentials)
  })
  return { brokers, clientId, ...sasl === undefined ? {} : { sasl } }
}

function readAddresses (given: unknown): string[] {
  const brokers = readText('brokers', given).split(',').map((broker) => broker.trim()).filter((broker) => broker !== '')
  if (brokers.length === 0) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected brokers to name at least one HOST:PORT, got nothing')
  const odd = brokers.find((broker) => !isAddress(broker))
  if (odd !== undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected brokers to be HOST:PORT, got ${shown(odd)}`)
  return brokers
}

function readLogin (given: unknown, { user, password }: BrokerCredentials): KafkajsOptions['sasl'] {
  const mechanism = readChoice('mechanism', readText('mechanism', given) || 'none', ['none', ...mechanisms])
  if (mechanism === 'none') return undefined
  if (user === undefined || user === '' || password === undefined) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected user and password for SASL ${mechanism}, got none`)
  return { mechanism, username: user, password }
}

function isAddress (broker: string): boolean {
  const port = Number(/^(?:[^\s:/]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(broker)?.[1])
  return port >= 1 && port <= 65535
}

import { describe, expect, it } from 'vitest'
import { readBrokerForm } from '../../../nodes/kafka-broker/settings.ts'

const form = { brokers: 'a:9092', clientId: 'line-pc', useTls: false, mechanism: 'none' }

describe('readBrokerForm', () => {
  it('takes one broker or several, host names, IPv4 and IPv6', () => {
    expect(readBrokerForm({ ...form, brokers: ' kafka-1.plant:9092 ,127.0.0.1:1, [::1]:65535 ' }, {}).brokers).toEqual(['kafka-1.plant:9092', '127.0.0.1:1', '[::1]:65535'])
  })

  it.each(['', ' , ', 'kafka', 'kafka:', 'kafka:0', 'kafka:65536', 'http://kafka:9092', 'kafka:9092;other:9092'])('refuses "%s"', (brokers) => {
    expect(() => readBrokerForm({ ...form, brokers }, {})).toThrow(/^Expected brokers to /)
  })

  it('adds a login where one is asked for', () => {
    expect(readBrokerForm(form, { user: 'u', password: 'p' })).toEqual({ brokers: ['a:9092'], clientId: 'line-pc' })
    expect(readBrokerForm({ ...form, mechanism: 'scram-sha-256' }, { user: 'u', password: 'p' }).sasl).toEqual({ mechanism: 'scram-sha-256', username: 'u', password: 'p' })
  })

  it('refuses a login without user or password, and a mechanism that it does not know', () => {
    expect(() => readBrokerForm({ ...form, mechanism: 'plain' }, { user: 'u' })).toThrow('Expected user and password for SASL plain, got none')
    expect(() => readBrokerForm({ ...form, mechanism: 'gssapi' }, {})).toThrow('got "gssapi"')
  })
})

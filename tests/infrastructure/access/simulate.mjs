// Evaluates many requests against many policies: one JSON document in, one out.
//
// in   {simulate, policy: URLs of the two modules, account, policies: {id: {kind, document}}, actors, questions,
//       requests: [[actor, question], …] (by index), runs: [run, …], whole}
//      actor = {principal, holds: [id], context: {key: value}}
//      question = [leg, …], leg = {action, resource, guard: id | null, context: {key: value}, delegated}
//      run = {replace: {id: document}, requests: [index, …] | null for all}
// out  {invalid: {id: [message]}, runs: [{verdicts: "ad…"} | {invalid: {id: [message]}}, …]}
//
// A request of several legs (through an access point) is allowed when every leg is. Context keys reach the evaluation
// as they are: the checked entry point of the simulator would drop those that its data does not list for the action,
// s3:DataAccessPointArn on GetObject among them. What it would have checked is checked here and in the tests instead:
// the policies' syntax here, actions and keys against the data there.
import { readFileSync } from 'node:fs'

const input = JSON.parse(readFileSync(0, 'utf8'))
const { runUnsafeSimulation, anonymousPrincipal } = await import(input.simulate)
const { createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy, validateTrustPolicy } = await import(
  input.policy
)
const validators = { identity: validateIdentityPolicy, resource: validateResourcePolicy, trust: validateTrustPolicy }

function checked(id, document) {
  return createValidatedPolicy(document, validators[input.policies[id].kind], { name: id })
}

function complaints(policies) {
  const wrong = Object.entries(policies).filter(([, policy]) => policy.errors.length)
  return Object.fromEntries(
    wrong.map(([id, policy]) => [id, policy.errors.map((error) => `${error.path}: ${error.message}`)])
  )
}

// A statement that names other actions decides nothing: left out, a request takes a fifth of the time, and one without
// any statement left is denied by default. `whole: true` leaves all in, for the test that both ways agree.
const cuts = new WeakMap()

function about(action, policy) {
  if (input.whole) return policy
  if (!cuts.has(policy)) cuts.set(policy, new Map())
  const known = cuts.get(policy)
  if (!known.has(action)) {
    const Statement = policy.policyDocument.Statement.filter(
      (statement) => statement.NotAction || [statement.Action].flat().some((pattern) => names(pattern, action))
    )
    known.set(action, { ...policy, policyDocument: { ...policy.policyDocument, Statement } })
  }
  return known.get(action)
}

function names(pattern, action) {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
  return new RegExp(`^${escaped}$`, 'i').test(action)
}

function allowed(actor, leg, policies) {
  const holds = leg.delegated && actor.holds.length ? [input.everything] : actor.holds
  const identity = holds.map((id) => ({ name: id, policy: about(leg.action, policies[id]) }))
  const guard = leg.guard ? about(leg.action, policies[leg.guard]) : undefined
  if (![...identity.map(({ policy }) => policy), guard].some((policy) => policy?.policyDocument.Statement.length)) {
    return false
  }
  const simulation = {
    request: {
      principal: actor.principal === 'anonymous' ? anonymousPrincipal : actor.principal,
      action: leg.action,
      resource: { resource: leg.resource, accountId: input.account },
      contextVariables: { ...leg.context, ...actor.context }
    },
    identityPolicies: identity,
    resourcePolicy: guard,
    serviceControlPolicies: [],
    resourceControlPolicies: []
  }
  return runUnsafeSimulation(simulation, {}) === 'Allowed'
}

const deployed = Object.fromEntries(
  Object.entries(input.policies).map(([id, { document }]) => [id, checked(id, document)])
)

function evaluate(run) {
  const replaced = Object.fromEntries(Object.entries(run.replace).map(([id, document]) => [id, checked(id, document)]))
  const invalid = complaints(replaced)
  if (Object.keys(invalid).length) return { invalid }
  const policies = { ...deployed, ...replaced }
  const verdict = ([actor, question]) =>
    input.questions[question].every((leg) => allowed(input.actors[actor], leg, policies)) ? 'a' : 'd'
  const asked = run.requests ? run.requests.map((index) => input.requests[index]) : input.requests
  return { verdicts: asked.map(verdict).join('') }
}

const invalid = complaints(deployed)
const runs = Object.keys(invalid).length ? [] : input.runs.map(evaluate)
process.stdout.write(JSON.stringify({ invalid, runs }))

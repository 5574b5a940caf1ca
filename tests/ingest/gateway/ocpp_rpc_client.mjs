// A charger made of the npm package `ocpp-rpc` in strict mode: it checks every answer against the schemas.
// Arguments: endpoint, identity, protocol, calls as JSON [[action, payload], ...]. Prints the answers as JSON.
// In a payload, {"$answer": 1, "field": "transactionId"} stands for that field of the answer to call 1.
import {createRequire} from 'node:module';

const {RPCClient} = createRequire(`${process.cwd()}/`)('ocpp-rpc');
const [endpoint, identity, protocol, calls] = process.argv.slice(2);
// its file for 2.1 names the schemas otherwise than its validator looks for them (2.2.1), so 2.1 goes unchecked
const strictMode = protocol !== 'ocpp2.1';
const client = new RPCClient({endpoint, identity, protocols: [protocol], strictMode, reconnect: false});
const violations = [];
client.on('strictValidationFailure', ({error}) => violations.push(String(error)));
client.on('badMessage', ({error}) => violations.push(String(error)));
await client.connect();
const answers = [];
const filled = (payload) =>
  JSON.parse(JSON.stringify(payload), (_, value) =>
    value?.$answer === undefined ? value : answers[value.$answer]?.result?.[value.field]);
for (const [action, payload] of JSON.parse(calls)) {
  try {
    answers.push({result: await client.call(action, filled(payload))});
  } catch (error) {
    answers.push({error: error.rpcErrorCode ?? error.code ?? String(error)});
  }
}
await client.close({code: 1000, reason: 'done'});
console.log(JSON.stringify({protocol: client.protocol, answers, violations}));

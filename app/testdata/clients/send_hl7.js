// The npm package node-hl7-client as a sender: node send_hl7.js PORT
// For each line of JSON on standard input, a message with CR between its
// segments, it sends the message and prints "ack" with what it understood of
// the acknowledgement.
'use strict';

const { Client, Message } = require('node-hl7-client');
const [port] = process.argv.slice(2);
const say = (kind, payload) => process.stdout.write(`${kind} ${JSON.stringify(payload ?? null)}\n`);

const client = new Client({ host: '127.0.0.1' });
const connection = client.createConnection({ port: Number(port), waitAck: true }, (response) => {
  const message = response.getMessage();
  say('ack', {
    type: message.get('MSH.9.1').toString(), version: message.get('MSH.12').toString(),
    code: message.get('MSA.1').toString(), id: message.get('MSA.2').toString(), text: message.toString(),
  });
});
connection.on('connect', () => say('connect'));
for (const event of ['error', 'client.error', 'connection.error']) connection.on(event, (error) => say('failed', String(error)));
require('readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  try {
    await connection.sendMessage(new Message({ text: JSON.parse(line) }));
  } catch (error) {
    say('failed', String(error));
  }
}).on('close', () => process.exit(0));

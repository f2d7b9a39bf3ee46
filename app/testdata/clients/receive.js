// A real Socket.IO client: node receive.js PACKAGE URL [OPTIONS-AS-JSON]
// Prints a line for what happens (connect, disconnect, connect_error, fhir …)
// and, for each line of JSON on standard input, [event, payload …], emits the
// event and prints the acknowledgement.
'use strict';

const [name, url, options] = process.argv.slice(2);
const io = require(name);
const socket = io(url, options ? JSON.parse(options) : undefined);
const say = (kind, payload) => process.stdout.write(`${kind} ${JSON.stringify(payload ?? null)}\n`);

socket.on('connect', () => say('connect', socket.id));
socket.on('disconnect', (reason) => say('disconnect', reason));
socket.on('connect_error', (error) => say('connect_error', error.message));
for (const event of ['fhir', 'event', 'vitals', 'recording']) socket.on(event, (payload) => say(event, payload));
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  socket.emit(...JSON.parse(line), (answer) => say('ack', answer));
}).on('close', () => socket.close());

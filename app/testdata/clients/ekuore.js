// The JavaScript of the documentation of 2019 (docs.medeo.io, Socket.IO), as it
// stands there: node ekuore.js PACKAGE URL
// Prints what comes, and presses the buttons of the page: start when connected,
// stop at the third second.
'use strict';

const [name, url] = process.argv.slice(2);
const client = require(name);
const io = (documented) => client(documented.replace('http://localhost:63336', url));
const say = (kind, payload) => process.stdout.write(`${kind} ${JSON.stringify(payload ?? null)}\n`);
const console = { log: (data) => say('fhir', data) };

// From here to the end of it: unchanged.
 var socket = io('http://localhost:63336');
  socket.on('fhir', function (data) {
    console.log(data);
  });
const start = () => socket.emit('ekuoreStartRecording', {ssid:'ekuorePro_xxxxx'});
// Emit Ekuore
const emit = (emitMessage) => { 
 socket.emit(emitMessage)
}
// The end of it.

let stopped = false;
socket.on('connect', start);
socket.on('recording', (status) => {
  say('recording', status);
  if (status.state === 'recording' && status.seconds >= 2 && !stopped) {
    stopped = true;
    emit('ekuoreStopRecording');
  }
});
process.stdin.on('end', () => socket.close()).resume();

// A socket.io server that emits a burst of events to everybody for each line
// on standard input: {"first": 1, "count": 1000, "template": {…}}.
const { Server } = require('socket.io');
const http = require('http').createServer();
const io = new Server(http, { serveClient: false });
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { first, count, template } = JSON.parse(line);
  for (let value = first; value < first + count; value++) {
    template.component[0].valueQuantity.value = value;
    io.emit('fhir', template);
  }
}).on('close', () => process.exit(0));
http.listen(0, '127.0.0.1', () => console.log('ready 127.0.0.1:' + http.address().port));

"""A real Socket.IO client of Debian's python3-socketio: receive.py URL

Prints a line for each connection and each event fhir, as receive.js does.
"""
import json
import sys

import engineio
import socketio


class InOrder(engineio.Client):
    """Runs handlers in the order of the messages.

    By default this client starts a thread for each message, so that its own
    handlers overtake one another.
    """

    def _trigger_event(self, event, *args, run_async=False, **kwargs):
        return super()._trigger_event(event, *args, run_async=False, **kwargs)


class Client(socketio.Client):
    def _engineio_client_class(self):
        return InOrder


client = Client(reconnection=False)


def say(kind, payload):
    print(kind, json.dumps(payload, ensure_ascii=False), flush=True)


@client.event
def connect():
    say("connect", client.sid)


@client.on("fhir")
def fhir(observation):
    say("fhir", observation)


client.connect(sys.argv[1])
sys.stdin.read()
client.disconnect()

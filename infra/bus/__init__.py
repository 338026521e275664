"""All that knows nameko, py-amqp and eventlet: the day eventlet must go, only this folder goes with it."""

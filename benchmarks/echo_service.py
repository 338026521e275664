"""The plainest nameko service there is: what clients are measured against."""

from nameko.rpc import rpc


class Echo:
    name = "echo"

    @rpc
    def say(self, word: str) -> str:
        return word

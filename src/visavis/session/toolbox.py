"""The tools of one session, run for its model: whatever goes wrong with one is told to the model."""

import asyncio
import logging
import traceback
from collections.abc import Sequence
from contextlib import nullcontext

from visavis.errors import InvalidInput
from visavis.llm import Message, Tool, ToolCall
from visavis.tools import ToolFunction

MAX_RESULT = 4000
"""Characters of a result that the model is given: half of what its passages may have."""

log = logging.getLogger(__name__)


class Toolbox:
    """Holds tools and runs them. `InvalidInput` if two have the same name."""

    def __init__(self, functions: Sequence[ToolFunction] = ()) -> None:
        self._functions = {function.name: function for function in functions}
        if len(self._functions) != len(functions):
            raise InvalidInput("two of the enabled tools have the same name; enable one of their providers only")
        self.tools = tuple(Tool(tool.name, tool.description, tool.parameters) for tool in functions)
        """What the model is told."""

    async def run(self, calls: Sequence[ToolCall]) -> list[Message]:
        """Run the calls of one round; a message for each, in their order.

        Read-only tools run at once, the others one after another. Cancelling cancels them all.
        """
        writing = asyncio.Lock()
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(self._run(call, writing), name="tool") for call in calls]
        return [
            Message("tool", task.result()[:MAX_RESULT], tool_call_id=call.id)
            for call, task in zip(calls, running, strict=True)
        ]

    async def _run(self, call: ToolCall, writing: asyncio.Lock) -> str:
        function = self._functions.get(call.name)
        if function is None:
            log.warning("the model called a tool that this session does not have")
            return f"error: there is no tool {call.name[:80]!r}"
        try:
            async with nullcontext() if function.read_only else writing, asyncio.timeout(function.timeout):
                return str(await function.call(call.arguments))
        except TimeoutError:
            log.warning("the tool %s took longer than %g s", function.name, function.timeout)
            return "error: the tool took too long"
        except Exception as error:  # noqa: BLE001  # supervision point: a tool's defect is told to the model
            # Without the error's own text, which may quote the arguments: what the user said.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("the tool %s failed: %s\n%s", function.name, type(error).__name__, where)
            return "error: the tool failed"

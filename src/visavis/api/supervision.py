"""Supervision of requests: whatever a route raises becomes an answer in its family's words."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from visavis.errors import VisavisError

log = logging.getLogger(__name__)


class SupervisedRoute(APIRoute):
    """A family's route class says how it says no."""

    @staticmethod
    @abstractmethod
    def invalid(errors: Sequence[Any]) -> Response:
        """To a request of the wrong form; `errors` are Pydantic's."""

    @staticmethod
    @abstractmethod
    def refused(error: HTTPException) -> Response:
        """To what the framework refuses."""

    @staticmethod
    @abstractmethod
    def failed(error: VisavisError) -> Response:
        """To an error that is expected; its message is made for people."""

    @staticmethod
    @abstractmethod
    def defective() -> Response:
        """To a defect of ours: 500, and nothing about it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, supervised."""
        handle = super().get_route_handler()

        async def supervised(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return self.invalid(error.errors())
            except HTTPException as error:
                return self.refused(error)
            except VisavisError as error:
                answer = self.failed(error)
                if answer.status_code >= 500:
                    log.warning("%s %s: %s", request.method, self.path, error.message, exc_info=True)
                return answer
            except Exception:  # noqa: BLE001  the supervision point: nothing may leave as a traceback
                log.exception("%s %s failed", request.method, self.path)
                return self.defective()

        return supervised

import asyncio
import logging
import os
import re
import time
from collections.abc import Iterator

import pytest

from visavis.errors import InvalidInput
from visavis.telemetry import StallMonitor, configure, masked

log = logging.getLogger("visavis.somewhere")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def test_a_record_is_one_line_with_time_level_role_process_logger_and_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("info", "worker-1")
    log.info("session %s started", "abc")
    when = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    rest = rf"INFO    worker-1/{os.getpid()} visavis\.somewhere: session abc started"
    assert re.fullmatch(f"{when} {rest}\n", capsys.readouterr().err)


def test_what_a_client_sent_cannot_look_like_a_record_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", "api")
    log.info("unknown avatar %s", "x\r\n2030 ERROR\x1b[31m 数字人")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith(r"unknown avatar x\r\n2030 ERROR\x1b[31m 数字人")


def test_a_traceback_follows_indented_and_masked(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", "api")
    try:
        raise ValueError("Bearer abcdefgh")
    except ValueError:
        log.exception("failed")
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.endswith("failed")
    assert rest[-1] == "    ValueError: Bearer …"
    assert all(line.startswith("    ") for line in rest)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key sk_live_51abc was refused", "key sk_… was refused"),
        ("key sk-proj-1234 was refused", "key sk-… was refused"),
        ("Authorization: Bearer eyJhbGciOi.e30.x", "Authorization: Bearer …"),
        ("GET /x?api_key=abcdef&y=1", "GET /x?api_key=…&y=1"),
        ('{"token": "abcdef", "n": 1}', '{"token": "…", "n": 1}'),
        ("turn://user:hunter2@host:3478", "turn://user:…@host:3478"),
        ("http://host:8000/task_list of the token holder", "http://host:8000/task_list of the token holder"),
    ],
)
def test_secrets_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_secrets_in_arguments_are_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", "api")
    log.warning("upstream refused %s", {"Authorization": "Bearer abcdefgh"})
    assert "abcdefgh" not in capsys.readouterr().err


def test_records_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure("WARNING", "api")
    log.info("not shown")
    assert capsys.readouterr().err == ""


def test_configuring_twice_does_not_double_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", "api")
    configure("INFO", "api")
    log.info("once")
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_an_unknown_level_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidInput, match="DEBUG, INFO, WARNING, ERROR"):
        configure("chatty", "api")


async def test_the_stall_monitor_sees_a_blocked_loop() -> None:
    async with StallMonitor(period=0.001) as monitor:
        assert monitor.lateness.samples == 0
        await asyncio.sleep(0)
        time.sleep(0.02)  # noqa: ASYNC251  # a blocked loop is what is tested
        await asyncio.sleep(0.002)
        assert monitor.lateness.max_ms >= 15
        assert monitor.lateness.p99_ms >= 15


async def test_the_stall_monitor_ends_with_its_scope() -> None:
    async with StallMonitor(period=0.001) as monitor:
        pass
    before = monitor.lateness
    await asyncio.sleep(0.005)
    assert monitor.lateness == before
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "stall-monitor"]

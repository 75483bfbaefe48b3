"""`visavis reference`: the page of documentation that is made from the OpenAPI document."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.pool.workers import WorkersPool
from visavis.settings import Settings

HEAD = """\
# API reference

Made from the OpenAPI document by `./dev docs`; do not edit it. The server has the document itself at
`/openapi.json`, and pages to try it out at `/docs` and `/redoc`. What differs from an OpenTalking server is on
[its own page](coming-from-opentalking.md), the kiosk's on [another](kiosk.md).
"""

SOCKET = """\
## WebSocket

### `WS /sessions/{session_id}/speak_audio_stream`

What the avatar says, as sound while it is made. The first text decides the dialect.

| first message | then |
|---|---|
| `{"type": "config", "sample_rate": 16000}` | answered by `{"type": "ack"}`; `sample_rate` is 4000 to 192000 Hz |
| binary | the same as `config` with 16000 Hz, without `ack` |
| `{"type": "meta", "voice", "tts_provider", "tts_model", "stt_provider"}` | the deployed dialect |

Documented dialect: binary messages are whole samples (s16le, mono; best 20 ms at a time) and are played as they
come. `{"type": "eos"}` ends them: the server plays what is left and closes with 1000. `{"type": "interrupt"}`
stops at once. A client that sends faster than real time is read more slowly. Errors come as
`{"type": "error", "code", "message"}`.

More about both, and the close codes: [Sound for a session](audio-input.md).

Deployed dialect: binary messages at 16 kHz are what the *user* says, up to `{"type": "end"}`. The one answer is
`{"session_id", "status": "queued", "text"}` or `{"error"}`; then the server closes.
"""

EVENTS = """\
## Events

`GET /sessions/{session_id}/events` sends both families of names on one stream, so that either kind of client finds
its own. Events have ids; `Last-Event-ID` (or `after`) replays what was missed, and a new reader gets everything
from the session's beginning.

| documented | data |
|---|---|
| `transcript` | `text`, `is_final` |
| `llm` | `delta`, `turn` |
| `tts` | `stage` (start, first_audio, complete), `ms_elapsed`, `sentence_index`, `turn` |
| `frame` | `frame_idx`, `pts_ms`; at most five a second |
| `status` | `stage` (listening, thinking, speaking, idle, interrupted, error), `message` |
| `error` | `code`, `message`, `stage`, `turn`, `session_id` |
| `session.terminated` | `reason`, `session_id` |

| deployed | data, beside `session_id` |
|---|---|
| `speech.started` | `text`, `turn` |
| `speech.media_started` | `turn` |
| `subtitle.chunk` | `text`, `is_final`, `turn`, `sentence_index` |
| `speech.ended` | `turn`, `reason`, `heard`, `heard_ms`, and `text` if it was completed |
| `session.state_changed` | `state`, `status` |
| `session.queued` | `position` (over 0 waiting, 0 go, -1 refused), `message` |
| `session.expiring`, `session.expired` | `remaining_sec`; `message` |
| `ping` | nothing; after 10 s of silence |

Ours: `speech.marks` (words and mouth shapes with times), `warning` (`code`, `message`).
"""


@click.command(hidden=True)
def reference() -> None:
    """Print the API reference, in Markdown."""
    click.echo(page(document()), nl=False)


def document() -> dict[str, Any]:
    """The OpenAPI document of a server with default settings, wherever it is asked for."""
    with tempfile.TemporaryDirectory() as place:
        settings = Settings.model_construct(**{**defaults(), "data_dir": Path(place)})
        return create_app(WorkersPool(settings), settings, Catalogue(settings)).openapi()


def defaults() -> dict[str, Any]:
    """Every setting as it is without any environment."""
    fields = Settings.model_fields.items()
    return {name: field.get_default(call_default_factory=True) for name, field in fields}


def page(spec: Mapping[str, Any]) -> str:
    """The whole page."""
    groups: dict[str, list[str]] = {}
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            told = "\n".join(_operation(f"{method.upper()} {path}", operation, spec))
            groups.setdefault(operation["tags"][0], []).append(told)
    parts = [HEAD]
    parts += [f"## {tag[0].upper()}{tag[1:]}\n\n" + "\n".join(told) for tag, told in groups.items()]
    return "\n".join([*parts, SOCKET, EVENTS])


def _operation(name: str, operation: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    yield f"### `{name}`\n"
    yield f"{operation['description'].strip()}\n"
    rows = [
        _row(each["name"], each["in"], each["schema"] | each, spec) for each in operation.get("parameters", ())
    ]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = _resolved(content.get("schema", {}), spec)
        needed = schema.get("required", ())
        for field, said in schema.get("properties", {}).items():
            rows.append(_row(field, kind.partition("/")[2], said | {"required": field in needed}, spec))
    if rows:
        yield "| field | in | type | | meaning |\n|---|---|---|---|---|"
        yield "\n".join(dict.fromkeys(rows)) + "\n"
    yield "| answer | what | body |\n|---|---|---|"
    for status, response in sorted(operation["responses"].items()):
        kinds = [
            f"{kind} {_type(content.get('schema', {}), spec)}".strip()
            for kind, content in response.get("content", {}).items()
        ]
        yield f"| {status} | {_cell(response['description'])} | {', '.join(kinds)} |"
    yield ""
    yield from _example(operation, spec)


def _example(operation: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    for example in _resolved(content.get("schema", {}), spec).get("examples", [])[:1]:
        yield f"```json\n{msgspec.json.format(msgspec.json.encode(example), indent=2).decode()}\n```\n"


def _row(name: str, place: str, schema: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    needed = "required" if schema.get("required") is True else ""
    described = schema.get("description") or _resolved(schema, spec).get("description", "")
    return f"| `{name}` | {place} | {_type(schema, spec)} | {needed} | {_cell(described)} |"


def _type(schema: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"{schema['$ref'].rpartition('/')[2]}"
    if choices := [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]:
        return " or ".join(dict.fromkeys(_type(each, spec) for each in choices))
    if words := schema.get("enum") or ([schema["const"]] if "const" in schema else None):
        return ", ".join(f"`{word}`" for word in words)
    if schema.get("format") == "binary":
        return "file"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}), spec) or 'anything'}"
    return str(schema.get("type", ""))


def _resolved(schema: Mapping[str, Any], spec: Mapping[str, Any]) -> Mapping[str, Any]:
    for choice in (schema, *schema.get("anyOf", ())):
        if "$ref" in choice:
            found: Mapping[str, Any] = spec["components"]["schemas"][choice["$ref"].rpartition("/")[2]]
            return found
    return schema


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

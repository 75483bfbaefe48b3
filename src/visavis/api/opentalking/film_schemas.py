"""The bodies of answers about recordings and offline bundles (contract opentalking 1.8)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

JOB = "1f4a8c98-3e5e-4b6c-a3f1-9b8e2c4d7e91"


class RecordingResponse(BaseModel):
    """The recording of a session."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "session_id": JOB,
                    "state": "complete",
                    "artifact_url": f"/sessions/{JOB}/flashtalk-recording/download",
                    "duration_ms": 12500,
                    "error": None,
                    "status": "stopped",
                }
            ]
        }
    )

    session_id: str
    state: Literal["idle", "recording", "complete"]
    artifact_url: str | None = Field(description="Where the MP4 is, when it is complete.")
    duration_ms: int = Field(description="Length so far, or of the whole recording.")
    error: str | None = Field(None, description="Why the latest recording failed; there is no file of it.")
    status: Literal["recording", "stopped"] = Field(description="The same in deployed servers' words.")


class BundleAccepted(BaseModel):
    """A bundle will be rendered."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"job_id": JOB, "status": "pending", "session_id": JOB}]}
    )

    job_id: str
    status: Literal["pending"] = "pending"
    session_id: str


class BundleResponse(BaseModel):
    """How the rendering of a bundle stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"job_id": JOB, "status": "running", "progress": 0.62, "error": None, "session_id": JOB}]
        }
    )

    job_id: str
    status: Literal["pending", "running", "complete", "failed"]
    progress: float = Field(ge=0, le=1, description="Rendered time over the length of the film.")
    error: str | None = Field(None, description="Why it failed.")
    session_id: str


class BundleDeleted(BaseModel):
    """A job is forgotten, its film deleted."""

    job_id: str
    deleted: Literal[True] = True

"""An example of each body that OpenTalking's answers have, for the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

SESSION = "1f4a8c98-3e5e-4b6c-a3f1-9b8e2c4d7e91"
TURN = "7d7f3c1e-52a2-4c3e-9a0b-6f1f6f0f2b11"
AVATAR = "custom-ada-20260102-030405-678"

_SUMMARY: dict[str, Any] = {
    "id": "demo-avatar",
    "name": "Demo",
    "model_type": "portrait",
    "width": 512,
    "height": 512,
    "is_custom": False,
    "person_mode": "single",
    "has_preview_video": False,
    "matting_status": "unknown",
    "duo_dialog": None,
    "client_renderer": None,
}

_READY = {"usable": True, "key_set": True, "service_url_set": True}

EXAMPLES: Mapping[str, Any] = {
    "Refusal": {"detail": "session not found"},
    "Alive": {"status": "ok"},
    "Health": {
        "status": "ok",
        "version": "0.1.0",
        "default_model": "portrait",
        "llm_provider": "openai",
        "llm_model": "llama3.2",
        "llm_key_set": True,
        "llm_providers": {"openai": _READY},
        "tts_provider": "espeak",
        "tts_default_provider": "espeak",
        "tts_enabled_providers": ["espeak"],
        "tts_providers": {"espeak": _READY},
        "tts_voice": "",
        "tts_key_set": True,
        "tts_service_url_set": True,
        "stt_provider": "pocketsphinx",
        "stt_default_provider": "pocketsphinx",
        "stt_enabled_providers": ["pocketsphinx"],
        "stt_providers": {"pocketsphinx": _READY},
        "stt_key_set": True,
    },
    "Queue": {"slot_occupied": False, "queue_size": 0},
    "Models": {
        "models": ["portrait", "mock"],
        "statuses": [
            {"id": "portrait", "backend": "local", "connected": True, "reason": "local_runtime", "message": ""},
            {"id": "mock", "backend": "mock", "connected": True, "reason": "local_self_test", "message": ""},
        ],
        "default_model": "portrait",
    },
    "AvatarSummary": _SUMMARY,
    "AvatarManifest": _SUMMARY | {"version": "1.0", "fps": 25, "sample_rate": 16000, "metadata": {}},
    "CreateSessionResponse": {"session_id": SESSION, "status": "created"},
    "SessionResponse": {
        "session_id": SESSION,
        "avatar_id": "demo-avatar",
        "model": "portrait",
        "tts_provider": "espeak",
        "tts_voice": "",
        "voice": "",
        "state": "running",
        "status": "speaking",
        "position": 0,
        "busy": True,
        "viewers": 1,
        "created_at": 1767323045.5,
    },
    "StatusResponse": {"session_id": SESSION, "status": "running"},
    "TurnResponse": {"session_id": SESSION, "status": "queued", "turn": TURN},
    "SoundResponse": {"session_id": SESSION, "status": "queued", "turn": TURN, "text": ""},
    "InterruptResponse": {"interrupted": True, "session_id": SESSION, "status": "interrupted"},
    "WebRTCAnswer": {"sdp": "v=0\r\no=- …", "type": "answer"},
    "TranscriptResponse": {"session_id": SESSION, "transcript": "What time is it?", "text": "What time is it?"},
    "Analysis": {
        "width": 512,
        "height": 512,
        "image": "iVBORw0KGgo…",
        "animation": {"mouth_center": [0.5, 0.6], "mouth_rx": 0.06, "mouth_ry": 0.03},
        "problem": "",
    },
    "AvatarDeleted": {"deleted": True, "avatar_id": AVATAR, "status": "deleted"},
    "PrewarmResponse": {"avatar_id": "demo-avatar", "model": "portrait", "status": "ready"},
    "PrewarmRequest": {"model": "portrait"},
    "CustomiseResponse": {
        "avatar_id": "demo-avatar",
        "saved": True,
        "image_updated": True,
        "prompt_updated": False,
        "audio_updated": False,
        "session_id": None,
        "message": "",
    },
    "BundleDeleted": {"job_id": SESSION, "deleted": True},
    "VoiceList": {"items": []},
    "CloneResponse": {
        "ok": True,
        "entry_id": 1,
        "voice_id": "qwen-tts-vc-ada-voice-1",
        "display_label": "Ada",
        "provider": "dashscope",
        "target_model": "qwen3-tts-vc-realtime",
        "message": "the voice was cloned",
    },
    "VoiceDeleted": {"deleted": True, "ok": True, "message": ""},
}
"""By the name of the model. Models that bring examples of their own keep them."""

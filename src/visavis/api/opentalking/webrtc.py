"""`/sessions/{id}/webrtc/offer` (contract opentalking 1.8)."""

from fastapi import APIRouter

from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import WebRTCAnswer, WebRTCOfferRequest
from visavis.api.opentalking.sessions import Session
from visavis.pool import Offer

router = APIRouter(route_class=Route, tags=["webrtc"], prefix="/sessions/{session_id}", responses=refusals())


@router.post("/webrtc/offer", responses=refusals(400, 404, 409, 413))
async def webrtc_offer(body: WebRTCOfferRequest, session: Session) -> WebRTCAnswer:
    """Connect a viewer, who need not have gathered candidates. A second offer replaces the first."""
    answer = await session.offer(Offer(sdp=body.sdp, viewer=body.viewer))
    return WebRTCAnswer(sdp=answer.sdp)
